import { definePlugin, Type } from '@davit/core/kernel'
import { type BackOff, BackOffToken } from '@davit/core/node'

/**
 * How long a crashed container waits before it is started again. Without a plugin: at once, then 10 s, doubling to
 * 300 s. This one begins with half a second and grows slowly, for development, where the next crash is probably mended.
 */
export default definePlugin({
  id: 'back-off-gentle',
  api: '^1.0',
  provides: { backOff: BackOffToken },
  config: {
    version: 1,
    schema: Type.Object({
      firstMs: Type.Integer({ minimum: 1, default: 500, description: 'Wait before the first restart, milliseconds.' }),
      longestMs: Type.Integer({ minimum: 1, default: 20_000, description: 'The wait never grows beyond this, milliseconds.' }),
    }),
  },
  async setup({ config }) {
    // Pure: the same number of restarts is always the same wait.
    const backOff: BackOff = { delay: (restarts) => Math.min(config.longestMs, Math.round(config.firstMs * 1.5 ** restarts)) }
    return { provides: { backOff } }
  },
})
