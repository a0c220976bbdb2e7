import { type Static, Type } from '@davit/core/kernel'

export const gcConfig = {
  version: 1,
  schema: Type.Object({
    concurrency: Type.Integer({ minimum: 1, maximum: 200, default: 20, description: 'Objects that are looked at, at once.' }),
    finishedPods: Type.Integer({
      minimum: 0,
      default: 12_500,
      description: 'Finished Pods that are kept; beyond it the oldest go. 0 keeps all.',
    }),
    quarantineSeconds: Type.Integer({
      minimum: 0,
      default: 40,
      description: 'How long a node must be missing before its Pods go. In seconds.',
    }),
  }),
}
export type GcConfig = Static<typeof gcConfig.schema>
