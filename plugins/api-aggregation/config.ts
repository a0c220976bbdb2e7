/** Configuration of the plugin `api-aggregation`. */
import { type Static, Type } from '@davit/core/kernel'

const schema = Type.Object({
  probeSeconds: Type.Integer({
    minimum: 1,
    default: 30,
    description: 'Seconds between two looks at each remote API server, besides those that a change causes.',
  }),
  probeTimeoutSeconds: Type.Integer({
    minimum: 1,
    default: 5,
    description: 'Seconds within which a remote API server has to answer such a look.',
  }),
})
export type AggregationConfig = Static<typeof schema>
export const config = { version: 1, schema } as const
