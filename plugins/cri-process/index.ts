import { definePlugin } from '@davit/core/kernel'
import { RuntimeToken } from '@davit/core/node'
import { processConfig } from './config.js'
import { createProcessDriver } from './driver.js'
import { privileged } from './machine.js'

export default definePlugin({
  id: 'cri-process',
  api: '^1.0',
  provides: { runtime: RuntimeToken },
  // What the plugin can do with all privileges; the driver's own `supports` says what this machine allows.
  supports: privileged,
  config: { version: 1, schema: processConfig },
  async setup({ clock, random, config }) {
    return { provides: { runtime: createProcessDriver({ clock, random, config }) } }
  },
})
