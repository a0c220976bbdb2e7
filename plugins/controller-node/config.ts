import { type Static, Type } from '@davit/core/kernel'

export const nodeConfig = {
  version: 1,
  schema: Type.Object({
    allocateNodeCidrs: Type.Boolean({ default: true, description: 'Give every node a range of Pod addresses.' }),
    clusterCidr: Type.String({
      pattern: '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$',
      default: '10.244.0.0/16',
      description: 'The range that the ranges of the nodes are cut from.',
    }),
    nodeMask: Type.Integer({
      minimum: 9,
      maximum: 30,
      default: 24,
      description: 'Prefix length in bits of one node’s range. A /16 holds 256 ranges of 24 bits.',
    }),
    graceSeconds: Type.Integer({
      minimum: 1,
      default: 40,
      description: 'A node that has not been heard of for so long is lost. In seconds.',
    }),
    startupGraceSeconds: Type.Integer({
      minimum: 1,
      default: 60,
      description: 'The same for a node that has never told its state. In seconds.',
    }),
    nodeEvictionRate: Type.Number({
      exclusiveMinimum: 0,
      default: 0.1,
      description: 'Unready nodes per second from which Pods begin to be evicted.',
    }),
  }),
}
export type NodeConfig = Static<typeof nodeConfig.schema>
