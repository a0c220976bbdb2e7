/** From what the metrics ask for to what is done: not too early, not too fast, not too far. */
import type { HorizontalPodAutoscaler } from '@davit/core/kinds'
import type { AutoscalerConfig } from './config.js'
import { type Limited, limitByRules, limitPlain } from './limits.js'
import type { Memory, Stabilized } from './memory.js'

export interface Wish {
  readonly hpa: HorizontalPodAutoscaler
  readonly current: number
  readonly desired: number
  readonly memory: Memory
  readonly config: AutoscalerConfig
  /** Milliseconds since 1970. */
  readonly now: number
}
export interface Normalized {
  readonly desired: number
  /** What to say about the stabilization, and about the limits. */
  readonly stabilized: Pick<Stabilized, 'reason' | 'message'>
  readonly limited: Pick<Limited, 'reason' | 'message'> & { readonly isLimited: boolean }
}

const ready = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const held = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}

/** Remembers the wish. */
export function normalize({ hpa, current, desired, memory, config, now }: Wish): Normalized {
  const { behavior, minReplicas: min = 1, maxReplicas: max } = hpa.spec
  const defaultDownMs = config.downscaleStabilizationSeconds * 1000
  const up = behavior?.scaleUp
  const down = behavior?.scaleDown
  if (!up || !down) {
    const stable = memory.stabilizeDown(desired, defaultDownMs, now)
    return settled(stable, desired, limitPlain({ current, desired: stable, min, max }), held)
  }
  const downMs = down.stabilizationWindowSeconds === undefined ? defaultDownMs : down.stabilizationWindowSeconds * 1000
  const windows = { upMs: (up.stabilizationWindowSeconds ?? 0) * 1000, downMs }
  const stable = memory.stabilize({ current, desired }, windows, now)
  const bounds = { current, desired: stable.replicas, min, max }
  return settled(stable.replicas, desired, limitByRules(bounds, memory.history(now), { up, down }), stable)
}

function settled(stable: number, desired: number, limited: Limited, why: Normalized['stabilized']): Normalized {
  const { reason, message } = why
  return {
    desired: limited.replicas,
    stabilized: stable === desired ? ready : { reason, message },
    limited: { isLimited: limited.replicas !== stable, reason: limited.reason, message: limited.message },
  }
}
