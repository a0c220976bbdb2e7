import { type Static, Type } from '@davit/core/kernel'

export const hollowConfig = Type.Object({
  startMs: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Milliseconds that the start of a container takes, where the Pod does not say otherwise.',
  }),
  jitter: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0,
    description: 'How much of each start is left to chance: 0.5 makes it take from half to one and a half times as long.',
  }),
  pullMs: Type.Integer({ minimum: 0, default: 0, description: 'Milliseconds that the first pull of an image on a node takes.' }),
})

export type HollowConfig = Static<typeof hollowConfig>
