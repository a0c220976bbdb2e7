/**
 * What was recommended and done for an autoscaler lately. In memory alone, as in Kubernetes: after a restart it begins with the
 * size that it finds, so nothing is taken away before the window is over.
 */
import type { HPAScalingRules } from '@davit/core/kinds'
import type { History } from './limits.js'

export interface ScaleEvent {
  /** How many came or went; positive. */
  readonly change: number
  /** Milliseconds since 1970. */
  readonly at: number
}
interface Recommendation {
  readonly replicas: number
  readonly at: number
}
export interface Stabilized {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

const lowest = 'recent recommendations were lower than current one, applying the lowest recent recommendation'
const highest = 'recent recommendations were higher than current one, applying the highest recent recommendation'

export class Memory {
  #recommendations: Recommendation[] = []
  #ups: ScaleEvent[] = []
  #downs: ScaleEvent[] = []

  history(now: number): History {
    return { ups: this.#ups, downs: this.#downs, now }
  }

  /** The size that is found counts as recommended. */
  begin(replicas: number, now: number): void {
    if (this.#recommendations.length === 0) this.#recommendations = [{ replicas, at: now }]
  }

  /** The highest of the window: what is no more needed goes when it was not needed for that long. */
  stabilizeDown(desired: number, windowMs: number, now: number): number {
    const cutoff = now - windowMs
    this.#recommendations = this.#recommendations.filter(({ at }) => at >= cutoff)
    const replicas = Math.max(desired, ...this.#recommendations.map((one) => one.replicas))
    this.#recommendations.push({ replicas: desired, at: now })
    return replicas
  }

  /** Both directions have a window of their own. */
  stabilize(sizes: { readonly current: number; readonly desired: number }, windows: Windows, now: number): Stabilized {
    const { current, desired } = sizes
    const after = (windowMs: number): readonly number[] =>
      this.#recommendations.filter(({ at }) => at > now - windowMs).map(({ replicas }) => replicas)
    const up = Math.min(desired, ...after(windows.upMs))
    const down = Math.max(desired, ...after(windows.downMs))
    const replicas = Math.min(Math.max(current, up), down)
    const longest = Math.max(windows.upMs, windows.downMs)
    this.#recommendations = this.#recommendations.filter(({ at }) => at >= now - longest)
    this.#recommendations.push({ replicas: desired, at: now })
    if (desired >= current) return { replicas, reason: 'ScaleUpStabilized', message: lowest }
    return { replicas, reason: 'ScaleDownStabilized', message: highest }
  }

  /** `rules` of the direction; what none of their periods reaches any more is forgotten. */
  scaled(from: number, to: number, rules: HPAScalingRules, now: number): void {
    const longest = Math.max(0, ...(rules.policies ?? []).map(({ periodSeconds }) => periodSeconds)) * 1000
    const kept = (events: readonly ScaleEvent[]): ScaleEvent[] => events.filter(({ at }) => at >= now - longest)
    const event = { change: Math.abs(to - from), at: now }
    if (to > from) this.#ups = [...kept(this.#ups), event]
    else this.#downs = [...kept(this.#downs), event]
  }
}
export interface Windows {
  readonly upMs: number
  readonly downMs: number
}
