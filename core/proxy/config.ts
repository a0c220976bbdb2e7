import { Type } from '../kernel/contract.js'

export const proxyConfig = {
  version: 1,
  schema: Type.Object({
    nodes: Type.Array(
      Type.Object({
        name: Type.String({ minLength: 1, description: 'Name of the node.' }),
        proxy: Type.Array(Type.String(), {
          description: 'Mode plugins by preference: the first usable one programs the kernel. Empty: none.',
        }),
        required: Type.Optional(
          Type.Boolean({ description: 'Fail to start when none of them is usable, instead of going on without.' }),
        ),
      }),
      {
        default: [],
        description: 'The nodes of this process. They share one kernel, which the first with a usable mode programs.',
      },
    ),
    addresses: Type.Array(Type.String(), {
      default: [],
      description: "The machine's addresses, where node ports answer. Empty: all of its own.",
    }),
    clusterCidr: Type.String({ default: '10.244.0.0/16', description: "All Pods' addresses." }),
    gatherMs: Type.Integer({ default: 5, minimum: 0, description: 'Changes within this time go into one sync, milliseconds.' }),
  }),
}
