import { Type } from '@davit/core/kernel'

export const jobConfig = {
  version: 1,
  schema: Type.Object({
    timeZone: Type.String({
      minLength: 1,
      default: 'UTC',
      description: 'Time zone of CronJobs that name none. A name of the IANA database.',
    }),
  }),
}
