import { type Static, Type } from '@davit/core/kernel'

const weighted = Type.Object({
  name: Type.String({ minLength: 1, description: 'cpu, memory, ephemeral-storage or any extended resource.' }),
  weight: Type.Integer({ minimum: 1, maximum: 100, default: 1, description: 'Share of this resource in the score.' }),
})
const point = Type.Object({
  utilization: Type.Integer({ minimum: 0, maximum: 100, description: 'Percent of the resource in use, the Pod included.' }),
  score: Type.Integer({ minimum: 0, maximum: 10, description: 'Score there; linear between points.' }),
})

export const binpackConfig = {
  version: 1,
  schema: Type.Object({
    strategy: Type.Union(
      [Type.Literal('MostAllocated'), Type.Literal('LeastAllocated'), Type.Literal('RequestedToCapacityRatio')],
      {
        default: 'MostAllocated',
        description: 'MostAllocated fills nodes up, LeastAllocated spreads, RequestedToCapacityRatio follows `shape`.',
      },
    ),
    resources: Type.Array(weighted, {
      minItems: 1,
      default: [
        { name: 'cpu', weight: 1 },
        { name: 'memory', weight: 1 },
      ],
      description: 'What the strategy looks at.',
    }),
    shape: Type.Array(point, {
      minItems: 2,
      default: [
        { utilization: 0, score: 0 },
        { utilization: 100, score: 10 },
      ],
      description: 'For RequestedToCapacityRatio: points in order of rising utilization.',
    }),
    weight: Type.Integer({
      minimum: 0,
      maximum: 100,
      default: 1,
      description: 'Weight of the strategy among all scores; 0 turns it off.',
    }),
    balancedAllocationWeight: Type.Integer({
      minimum: 0,
      maximum: 100,
      default: 1,
      description: 'Weight of the preference for nodes whose cpu and memory would be used to a like degree; 0 turns it off.',
    }),
  }),
}
export type BinpackConfig = Static<typeof binpackConfig.schema>
