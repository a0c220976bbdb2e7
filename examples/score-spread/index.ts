import { definePlugin, Type } from '@davit/core/kernel'
import { Score } from '@davit/core/scheduler'

/** Prefers nodes with few Pods. `weight` against the built-in packing decides who wins. */
export default definePlugin({
  id: 'score-spread',
  api: '^1.0',
  provides: { score: Score },
  config: {
    version: 1,
    schema: Type.Object({
      weight: Type.Integer({ minimum: 1, default: 1, description: 'Multiplies the score, among the scores of all policies.' }),
    }),
  },
  async setup({ config }) {
    const score = {
      name: 'spread',
      weight: config.weight,
      score: (_cycle: unknown, _pod: unknown, node: { pods: readonly unknown[] }) => 100 - Math.min(100, node.pods.length),
    }
    return { provides: { score } }
  },
})
