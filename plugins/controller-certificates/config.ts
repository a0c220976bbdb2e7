import { Type } from '@davit/core/kernel'

export const certificatesConfig = {
  version: 1,
  schema: Type.Object({
    lifetimeDays: Type.Integer({
      minimum: 1,
      maximum: 3650,
      default: 365,
      description: 'How long a certificate lasts whose request does not ask for less. In days.',
    }),
  }),
}
