import { JobBackOffToken } from '@davit/core/controller'
import { definePlugin, Type } from '@davit/core/kernel'

/**
 * How long a Job waits after a failed Pod. Without a plugin: 10 s, doubling to 10 min. This one always waits as long, for
 * work that fails by chance and not because something else is down.
 */
export default definePlugin({
  id: 'job-back-off-steady',
  api: '^1.0',
  provides: { backOff: JobBackOffToken },
  config: {
    version: 1,
    schema: Type.Object({
      waitMs: Type.Integer({ minimum: 0, default: 2000, description: 'Wait after each failure, milliseconds.' }),
    }),
  },
  async setup({ config }) {
    return { provides: { backOff: { delayMs: () => config.waitMs } } }
  },
})
