/** Configuration of the plugin `controller-autoscaler`; the defaults are Kubernetes'. */
import { type Static, Type } from '@davit/core/kernel'

const schema = Type.Object({
  syncPeriodSeconds: Type.Integer({
    minimum: 1,
    default: 15,
    description: 'Seconds between two looks at the metrics of an autoscaler.',
  }),
  downscaleStabilizationSeconds: Type.Integer({
    minimum: 0,
    default: 300,
    description: 'Seconds over which the highest recommendation counts before Pods are taken away, unless the autoscaler says.',
  }),
  tolerance: Type.Number({
    minimum: 0,
    default: 0.1,
    description: 'Share of the target, in both directions, within which nothing is scaled.',
  }),
  cpuInitializationSeconds: Type.Integer({
    minimum: 0,
    default: 300,
    description: 'Seconds after its start for which the CPU of a Pod counts only while it is ready.',
  }),
  initialReadinessDelaySeconds: Type.Integer({
    minimum: 0,
    default: 30,
    description: 'Seconds after its start for which a Pod that became unready counts as one that was never ready.',
  }),
})
export type AutoscalerConfig = Static<typeof schema>
export const autoscalerConfig = { version: 1, schema } as const
