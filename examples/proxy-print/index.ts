import { definePlugin, type Logger } from '@davit/core/kernel'
import { type ProxyDriver, type ProxyMode, ProxyModeToken, type ServicePort } from '@davit/core/proxy'

/**
 * A proxy mode gets the whole of what the node's services should be, never a list of changes, and makes the kernel equal
 * to it. This one only says it. `sync` is not called again before it has resolved; states in between are left out, so a
 * slow mode falls behind in nothing but time. Equal parts of two states are the same objects: comparing them is free.
 */
function createMode(log: Logger): ProxyMode {
  let before = new Map<string, ServicePort>()
  return {
    async sync({ services }) {
      const now = new Map(services.map((port) => [port.key, port]))
      for (const port of services) if (before.get(port.key) !== port) log.info(describe(port), `service ${port.key}`)
      for (const key of before.keys()) if (!now.has(key)) log.info({}, `service ${key} is gone`)
      before = now
    },
    // There is nothing in the kernel to remove, nor to let go of.
    cleanup: async () => {},
    close: async () => {},
  }
}

function describe({ clusterIps, port, nodePort, endpoints }: ServicePort): object {
  const targets = endpoints.map((endpoint) => `${endpoint.address}:${endpoint.port}`)
  return { addresses: clusterIps, port, ...(nodePort > 0 && { nodePort }), targets }
}

export default definePlugin({
  id: 'proxy-print',
  api: '^1.0',
  provides: { mode: ProxyModeToken },
  async setup({ log }) {
    const mode: ProxyDriver = {
      id: 'proxy-print',
      probe: async () => ({ usable: true }),
      open: async () => createMode(log),
    }
    return { provides: { mode } }
  },
})
