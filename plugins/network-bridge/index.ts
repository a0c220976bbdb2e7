import { definePlugin } from '@davit/core/kernel'
import { NetworkToken } from '@davit/core/node'
import { bridgeConfig } from './config.js'
import { createBridgeDriver, supports } from './driver.js'

export default definePlugin({
  id: 'network-bridge',
  api: '^1.0',
  provides: { network: NetworkToken },
  supports,
  config: { version: 1, schema: bridgeConfig },
  async setup({ config, log }) {
    return { provides: { network: createBridgeDriver({ config, log }) } }
  },
})
