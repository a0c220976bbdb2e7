import { definePlugin } from '@davit/core/kernel'
import { RuntimeToken } from '@davit/core/node'
import { containerdConfig } from './config.js'
import { createContainerdDriver, supports } from './driver.js'

export default definePlugin({
  id: 'cri-containerd',
  api: '^1.0',
  provides: { runtime: RuntimeToken },
  supports,
  config: { version: 1, schema: containerdConfig },
  async setup({ clock, config, log }) {
    return { provides: { runtime: createContainerdDriver({ clock, config, log }) } }
  },
})
