/** How fast and how far a workload may be scaled. Pure. */
import type { HPAScalingRules } from '@davit/core/kinds'
import type { ScaleEvent } from './memory.js'

export interface Limited {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}
export interface Bounds {
  readonly current: number
  readonly desired: number
  readonly min: number
  readonly max: number
}
export interface History {
  readonly ups: readonly ScaleEvent[]
  readonly downs: readonly ScaleEvent[]
  /** Milliseconds since 1970. */
  readonly now: number
}

const tooFast = 'the desired replica count is increasing faster than the maximum scale rate'
const tooSlow = 'the desired replica count is decreasing faster than the maximum scale rate'
const tooMany = 'the desired replica count is more than the maximum replica count'
const tooFew = 'the desired replica count is less than the minimum replica count'
const within = (replicas: number): Limited => ({
  replicas,
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
})

/** For autoscalers without `behavior`: at most twice as many at once, four for small ones. */
export function limitPlain({ current, desired, min, max }: Bounds): Limited {
  const fastest = Math.max(2 * current, 4)
  if (desired < min) return { replicas: min, reason: 'TooFewReplicas', message: tooFew }
  if (max > fastest && desired > fastest) return { replicas: fastest, reason: 'ScaleUpLimit', message: tooFast }
  if (max <= fastest && desired > max) return { replicas: max, reason: 'TooManyReplicas', message: tooMany }
  return within(desired)
}

export function limitByRules(
  { current, desired, min, max }: Bounds,
  history: History,
  rules: { readonly up: HPAScalingRules; readonly down: HPAScalingRules },
): Limited {
  if (desired > current) {
    const fastest = Math.max(current, upLimit(current, history, rules.up))
    const [limit, reason, message] =
      max > fastest ? [fastest, 'ScaleUpLimit', tooFast] : ([max, 'TooManyReplicas', tooMany] as const)
    if (desired > limit) return { replicas: limit, reason, message }
  } else if (desired < current) {
    const fastest = Math.min(current, downLimit(current, history, rules.down))
    const [limit, reason, message] =
      min < fastest ? [fastest, 'ScaleDownLimit', tooSlow] : ([min, 'TooFewReplicas', tooFew] as const)
    if (desired < limit) return { replicas: limit, reason, message }
  }
  return within(desired)
}

/** The most that the policies allow now: of several the one that `selectPolicy` says. */
function upLimit(current: number, history: History, { selectPolicy, policies = [] }: HPAScalingRules): number {
  if (selectPolicy === 'Disabled') return current
  const proposals = policies.map(({ type, value, periodSeconds }) => {
    const before = atPeriodStart(current, history, periodSeconds)
    // Rounded up, for else a small share of few Pods would never be one.
    return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100))
  })
  return selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
}

function downLimit(current: number, history: History, { selectPolicy, policies = [] }: HPAScalingRules): number {
  if (selectPolicy === 'Disabled') return current
  const proposals = policies.map(({ type, value, periodSeconds }) => {
    const before = atPeriodStart(current, history, periodSeconds)
    return type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100))
  })
  return selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
}

function atPeriodStart(current: number, { ups, downs, now }: History, periodSeconds: number): number {
  const cutoff = now - periodSeconds * 1000
  const changed = (events: readonly ScaleEvent[]): number =>
    events.reduce((sum, { at, change }) => (at > cutoff ? sum + change : sum), 0)
  return current - changed(ups) + changed(downs)
}
