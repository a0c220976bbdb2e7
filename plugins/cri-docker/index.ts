import { definePlugin } from '@davit/core/kernel'
import { RuntimeToken } from '@davit/core/node'
import { dockerConfig } from './config.js'
import { createDockerDriver, supports } from './driver.js'

export default definePlugin({
  id: 'cri-docker',
  api: '^1.0',
  provides: { runtime: RuntimeToken },
  supports,
  config: { version: 1, schema: dockerConfig },
  async setup({ clock, config }) {
    return { provides: { runtime: createDockerDriver({ clock, config }) } }
  },
})
