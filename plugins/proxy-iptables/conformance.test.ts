// @serial machine
// @timeout 400
import { proxyKit } from '@davit/core/proxy/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { masqueradeAll: true, masqueradeBit: 3, lockSeconds: 1, checkSeconds: 1 }],
  invalid: [{ masqueradeBit: 32 }, { lockSeconds: 0 }, { checkSeconds: 0 }],
})
proxyKit(plugin, new URL('./index.ts', import.meta.url), {
  config: { checkSeconds: 1 },
  requires: ['iptables', 'conntrack'],
})
