import { Type } from '@davit/core/kernel'

export const quotaConfig = {
  version: 1,
  schema: Type.Object({
    settleMs: Type.Integer({
      minimum: 1,
      default: 2000,
      description:
        'How long after a charge its object is stored or refused for certain; usage is not lowered below it before. In milliseconds.',
    }),
  }),
}
