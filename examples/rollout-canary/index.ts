import { type RolloutState, type RolloutStep, type RolloutStrategy, RolloutStrategyToken } from '@davit/core/controller'
import { definePlugin, Type } from '@davit/core/kernel'

/**
 * One Pod of the new template first, beside all the old ones. If it is available when its time of proof is over, the
 * others follow, and the old ones go when all of those are available. If it is not, nothing more happens: the old Pods
 * serve on, and `kubectl rollout undo` takes the new one away.
 *
 * `step` only looks at how things are and says what comes next. It keeps nothing in memory, so a roll-out goes on after
 * a restart, in any process, from whatever point it had reached.
 */
function step({ replicas, next, olds, now }: RolloutState, proofMs: number): RolloutStep {
  const serving = olds.filter((old) => old.size > 0)
  if (serving.length === 0 || replicas === 0) return { next: replicas, olds: sizeOf(serving, 0) }
  if (!next || next.size === 0) return { next: 1 }
  if (next.size < replicas) {
    if (next.available === 0) return {}
    // A template that is rolled back to was made long ago, and proved itself then.
    const proved = (Date.parse(next.set.metadata.creationTimestamp ?? '') || 0) + proofMs
    return now < proved ? { requeueAfterMs: proved - now } : { next: replicas }
  }
  return next.available < replicas ? {} : { olds: sizeOf(serving, 0) }
}

function sizeOf(sets: RolloutState['olds'], size: number): Record<string, number> {
  return Object.fromEntries(sets.map(({ name }) => [name, size]))
}

export default definePlugin({
  id: 'rollout-canary',
  api: '^1.0',
  provides: { strategy: RolloutStrategyToken },
  config: {
    version: 1,
    schema: Type.Object({
      proofSeconds: Type.Integer({ minimum: 0, default: 60, description: 'How long the first Pod has to prove itself.' }),
    }),
  },
  async setup({ config }) {
    const strategy: RolloutStrategy = { name: 'Canary', step: (state) => step(state, config.proofSeconds * 1000) }
    return { provides: { strategy } }
  },
})
