/** Configuration of the plugin `api-metrics`. */
import { type Static, Type } from '@davit/core/kernel'

const schema = Type.Object({
  resolutionSeconds: Type.Integer({
    minimum: 1,
    default: 10,
    description: 'Seconds for which what was measured on a node is told again, before its runtime is asked anew.',
  }),
  longestWindowSeconds: Type.Integer({
    minimum: 1,
    default: 120,
    description: 'Seconds that the use of a CPU is averaged over at most: older readings are of no use.',
  }),
  firstWindowMilliseconds: Type.Integer({
    minimum: 10,
    default: 1000,
    description: 'Milliseconds between the two readings that one question takes where no earlier one is of use.',
  }),
})
export type MetricsConfig = Static<typeof schema>
export const config = { version: 1, schema } as const
