import { ReplicaFormulaToken } from '@davit/core/controller'
import { definePlugin, Type } from '@davit/core/kernel'

/**
 * How many replicas a metric asks for. Without a plugin: in proportion to what is used. This one does the same for totals and
 * for Pods, with some more on top that stand by for what comes next. An autoscaler picks it by the annotation
 * `autoscaling.davit.dev/formula: Headroom`.
 */
export default definePlugin({
  id: 'replica-formula-headroom',
  api: '^1.0',
  provides: { formula: ReplicaFormulaToken },
  config: {
    version: 1,
    schema: Type.Object({
      spare: Type.Integer({ minimum: 0, default: 1, description: 'Pods beyond those that the metric asks for.' }),
    }),
  },
  async setup({ config }) {
    return {
      provides: {
        formula: {
          name: 'Headroom',
          replicas({ measured, replicas }) {
            if (measured.type === 'total') return Math.ceil(measured.value / measured.target) + config.spare
            const ready = measured.pods.filter(({ state }) => state === 'ready')
            const used = ready.reduce((sum, { value }) => sum + value, 0)
            const wanted = ready.reduce((sum, { request }) => sum + (request * measured.target) / 100, 0) / ready.length
            const target = measured.unit === 'milli' ? measured.target : wanted
            return target === 0 ? replicas : Math.ceil(used / target) + config.spare
          },
        },
      },
    }
  },
})
