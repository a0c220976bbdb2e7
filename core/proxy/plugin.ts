import { ClientsToken, endpointSlices, services } from '../client/contract.js'
import type { Bag, Logger } from '../kernel/contract.js'
import { DavitError, definePlugin } from '../kernel/contract.js'
import { proxyConfig } from './config.js'
import { type ProxyDriver, type ProxyMode, ProxyModeToken } from './contract.js'
import { NodeZone } from './node-zone.js'
import { Syncer } from './syncer.js'
import { ServiceTracker } from './tracker.js'

/** The proxy host: follows Services and EndpointSlices and keeps the kernel of this machine up to date by a mode. */
export const proxyHost = definePlugin({
  id: 'proxy-host',
  api: '^1.0',
  stage: 'node',
  requires: { clients: ClientsToken, modes: ProxyModeToken },
  config: proxyConfig,
  async setup(context, { clients, modes }) {
    const { clock, log, config, signal } = context
    return {
      async start() {
        const chosen = await choose(config.nodes, modes, log)
        if (!chosen) return
        const names = new Set(config.nodes.map((node) => node.name))
        const mode = await open(chosen, config)
        context.defer(() => mode.close())
        const serviceInformer = clients.informer(services)
        const sliceInformer = clients.informer(endpointSlices)
        const zone = new NodeZone(clients, chosen.node.name, () => {
          tracker.zoneChanged()
          syncer.wake()
        })
        context.defer(() => zone.close())
        const tracker = new ServiceTracker(
          serviceInformer,
          sliceInformer,
          (node) => names.has(node),
          () => zone.of(),
        )
        await Promise.all([serviceInformer.whenSynced(signal), sliceInformer.whenSynced(signal)])
        const syncer = new Syncer({ mode, state: () => tracker.state(), clock, log, gatherMs: config.gatherMs })
        context.defer(() => syncer.stop())
        context.defer(tracker.follow(() => syncer.wake()))
        syncer.wake()
      },
    }
  },
})

interface NodeChoice {
  readonly name: string
  readonly proxy: readonly string[]
  readonly required?: boolean
}
interface Chosen {
  readonly driver: ProxyDriver
  readonly node: NodeChoice
}

async function choose(nodes: readonly NodeChoice[], modes: Bag<ProxyDriver>, log: Logger): Promise<Chosen | undefined> {
  for (const node of nodes) {
    const reasons: string[] = []
    for (const id of node.proxy) {
      const driver = modes.all().find((candidate) => candidate.id === id)
      const verdict = driver ? await driver.probe() : { usable: false as const, reason: 'there is no such proxy plugin' }
      if (driver && verdict.usable) return { driver, node }
      if (!verdict.usable) reasons.push(`${id}: ${verdict.reason}`)
    }
    if (reasons.length === 0) continue
    const message = `no proxy mode of node "${node.name}" is usable (${reasons.join('; ')})`
    if (node.required) throw new DavitError('DAVIT_PROXY_UNUSABLE', message)
    log.warn({ node: node.name }, `${message}; services have no addresses on it`)
  }
  return undefined
}

async function open(
  { driver, node }: Chosen,
  config: { readonly addresses: readonly string[]; readonly clusterCidr: string },
): Promise<ProxyMode> {
  const { addresses, clusterCidr } = config
  try {
    return await driver.open({ nodeName: node.name, addresses, clusterCidr })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new DavitError('DAVIT_PROXY_UNUSABLE', `the proxy mode "${driver.id}" cannot work for node "${node.name}": ${text}`, {
      cause: error,
    })
  }
}
