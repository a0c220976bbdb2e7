import { definePlugin } from '@davit/core/kernel'
import { RuntimeToken } from '@davit/core/node'
import { hollowConfig } from './config.js'
import { createHollowDriver, supports } from './hollow.js'

export default definePlugin({
  id: 'cri-hollow',
  api: '^1.0',
  provides: { runtime: RuntimeToken },
  supports,
  config: { version: 1, schema: hollowConfig },
  async setup(context) {
    const { clock, random, config } = context
    return { provides: { runtime: createHollowDriver({ clock, random, config }) } }
  },
})
