// @serial machine
import { networkKit } from '@davit/core/node/testkit'
import { createTestServices, pluginSuite } from '@davit/core/testing'
import { createBridgeDriver } from './driver.js'
import plugin from './index.js'
import { namesOf } from './names.js'

pluginSuite(plugin, {
  valid: [{}, { masquerade: false, mtu: 1450 }],
  invalid: [{ masquerade: 'yes' }, { mtu: 1 }, { mtu: 70_000 }, { bridge: 'br0' }],
})

const { log } = createTestServices()
const traces = new RegExp(`davit-v[0-9a-f]{8}|DAVIT-NET-|${namesOf('10.183.7.0/24').bridge}`)
networkKit('bridge', () => ({ driver: createBridgeDriver({ config: { masquerade: true }, log }), traces }), {
  requires: ['root', 'netns', 'iptables', 'ip'],
})
