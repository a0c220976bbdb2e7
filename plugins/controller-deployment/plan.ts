/** What one reconcile does to a Deployment's ReplicaSets, pure: scale, or take the strategy's next step. */
import { type RolloutSet, type RolloutStrategy, rolloutStrategyAnnotation } from '@davit/core/controller'
import type { Deployment } from '@davit/core/kinds'
import { limitsOf } from './limits.js'
import { isBeingScaled, type Sizes, scaledSizes } from './scale.js'
import type { Sets } from './sets.js'

export type Plan =
  /** Sizes for what is there; the roll-out itself rests. */
  | { readonly mode: 'scale'; readonly sizes: Sizes }
  /** `next`: size of the ReplicaSet of the present template, to be made where it is missing. */
  | {
      readonly mode: 'roll-out'
      readonly next: number | undefined
      readonly sizes: Sizes
      readonly requeueAfterMs: number | undefined
      readonly strategy: string
    }
  /** Nobody knows the strategy that is asked for. */
  | { readonly mode: 'stuck'; readonly strategy: string }

export interface PlanInput {
  readonly deployment: Deployment
  readonly sets: Sets
  readonly next: RolloutSet | undefined
  readonly olds: readonly RolloutSet[]
  readonly strategies: readonly RolloutStrategy[]
  readonly now: number
}

export function planDeployment({ deployment, sets, next, olds, strategies, now }: PlanInput): Plan {
  if (deployment.spec.paused || isBeingScaled(deployment, sets)) {
    const sizes = scaledSizes(deployment, sets)
    // Several in use without a rule for sharing: the strategy brings the new size about.
    if (deployment.spec.paused || sizes.size > 0) return { mode: 'scale', sizes }
  }
  const name = strategyName(deployment)
  const strategy = strategies.find((each) => each.name === name)
  if (!strategy) return { mode: 'stuck', strategy: name }
  const step = strategy.step({ deployment, ...limitsOf(deployment), next, olds, now })
  const sizes = new Map(Object.entries(step.olds ?? {}))
  check(strategy.name, [...sizes.values(), step.next ?? 0])
  return { mode: 'roll-out', next: step.next, sizes, requeueAfterMs: step.requeueAfterMs, strategy: strategy.name }
}

export function strategyName({ metadata, spec }: Deployment): string {
  return metadata.annotations?.[rolloutStrategyAnnotation] ?? spec.strategy?.type ?? 'RollingUpdate'
}

function check(strategy: string, sizes: readonly number[]): void {
  const bad = sizes.find((size) => !Number.isInteger(size) || size < 0)
  if (bad !== undefined) throw new Error(`the roll-out strategy "${strategy}" asked for ${bad} Pods`)
}
