import { definePlugin } from '@davit/core/kernel'
import { ProxyModeToken } from '@davit/core/proxy'
import { iptablesConfig } from './config.js'
import { iptablesDriver } from './driver.js'

export default definePlugin({
  id: 'proxy-iptables',
  api: '^1.0',
  stage: 'node',
  provides: { mode: ProxyModeToken },
  supports: {
    ipv4: true,
    ipv6: false,
    nodePort: true,
    loopbackNodePort: false,
    sessionAffinity: true,
    sctp: true,
    udpHandover: true,
    repair: true,
  },
  config: iptablesConfig,
  async setup({ config, log, clock }) {
    return { provides: { mode: iptablesDriver({ ...config, log, clock }) } }
  },
})
