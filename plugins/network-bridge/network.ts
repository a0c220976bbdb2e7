import type { Logger } from '@davit/core/kernel'
import { type Attachment, type NetworkContext, type NetworkSandbox, type PodNetwork, RuntimeError } from '@davit/core/node'
import { createPool, gatewayOf, hardwareAddress, parseRange } from './addresses.js'
import type { BridgeConfig } from './config.js'
import { createGround } from './ground.js'
import { createHostPorts } from './host-ports.js'
import { clearPod, connectPod, disconnectPod, type Ends, findLinks, isLink, isWhole, repairPod } from './links.js'
import { linkOf, namesOf, ownerOf, tagOf } from './names.js'
import { createOnce } from './once.js'
import { createTurns } from './turns.js'

export interface NetworkParts {
  readonly config: BridgeConfig
  readonly log: Logger
  /** The machine has iptables. */
  readonly firewall: boolean
}

/** The range of IPv4; this network has no other. */
export function rangeOf({ podCidrs }: Pick<NetworkContext, 'podCidrs'>): string {
  return podCidrs.find((cidr) => !cidr.includes(':')) ?? podCidrs[0] ?? ''
}

export function createPodNetwork({ config, log, firewall }: NetworkParts, node: NetworkContext): PodNetwork {
  const podCidr = rangeOf(node)
  const clusterCidr = node.clusterCidrs.find((cidr) => !cidr.includes(':')) ?? podCidr
  const [range, names, owner] = [parseRange(podCidr), namesOf(podCidr), ownerOf(node)]
  const pool = createPool(range)
  const turns = createTurns()
  const attached = new Map<string, string>()
  const ports = createHostPorts(names, owner, firewall)
  const addresses = (): readonly string[] => [...attached.values()]
  const ground = createGround({ names, range, podCidr, clusterCidr, config, firewall, log, addresses })

  /** What a former life left. Read when it is first needed, so that a start does not wait for it. */
  const load = createOnce(async () => {
    for (const link of await findLinks()) if (link.owner === owner) remember(link.id, link.address)
  })
  const remember = (id: string, address: string): void => {
    attached.set(id, address)
    pool.use(address)
  }
  const endsOf = (address: string, namespace: string): Ends => ({
    address,
    namespace,
    gateway: gatewayOf(range),
    bridge: names.bridge,
    hardwareAddress: hardwareAddress(address),
    mtu: config.mtu,
  })

  const connect = async ({ id, namespace }: NetworkSandbox): Promise<string> => {
    for (const address of pool.candidates()) {
      pool.use(address)
      try {
        // Another cluster of this machine may have the same range.
        const foreign = await isLink(linkOf(address))
        if (!foreign && (await tryConnect(endsOf(address, namespace), tagOf(owner, id)))) return address
      } catch (error) {
        await disconnectPod(address)
        pool.release(address)
        throw error
      }
      pool.release(address)
    }
    throw new RuntimeError('FailedCreatePodSandBox', `all ${pool.size} addresses of ${podCidr} are in use`)
  }
  const release = async (id: string): Promise<void> => {
    await ports.unpublish(id)
    const address = attached.get(id)
    if (address === undefined) return
    await disconnectPod(address)
    attached.delete(id)
    pool.release(address)
  }
  /** Of one that was attached before: its address, if it can still have it. */
  const restore = async ({ id, namespace }: NetworkSandbox): Promise<string | undefined> => {
    const address = attached.get(id)
    if (address === undefined) return undefined
    if (await isWhole(address, names.bridge)) return address
    if (await isLink(linkOf(address))) {
      const repaired = await repairPod(endsOf(address, namespace), tagOf(owner, id)).then(
        () => true,
        (error: unknown) => void log.warn({ id, address, error: String(error) }, 'the link of a Pod cannot be repaired'),
      )
      if (repaired) return address
    }
    await release(id)
    return undefined
  }
  const attach = async (sandbox: NetworkSandbox): Promise<Attachment> => {
    const { id } = sandbox
    await load()
    await ground()
    const address = (await restore(sandbox)) ?? (await connect(sandbox))
    remember(id, address)
    try {
      await ports.publish(sandbox, address)
    } catch (error) {
      await release(id)
      throw error
    }
    return { id, ips: [address] }
  }
  const adopt = async (sandbox: NetworkSandbox): Promise<Attachment | undefined> => {
    const address = await restore(sandbox)
    if (address === undefined) return undefined
    await ports.publish(sandbox, address)
    return { id: sandbox.id, ips: [address] }
  }

  return {
    attach: (sandbox) => turns.run(sandbox.id, () => attach(sandbox).catch(failed)),
    detach: (id) => turns.run(id, () => load().then(() => release(id))),
    async adopt(sandboxes) {
      await load()
      const ids = new Set(sandboxes.map(({ id }) => id))
      const gone = [...attached.keys()].filter((id) => !ids.has(id))
      if (ids.size === 0 && gone.length === 0) return []
      await ports.keep(ids)
      await Promise.all(gone.map((id) => turns.run(id, () => release(id))))
      if (ids.size === 0) return []
      await ground()
      const kept = await Promise.all(sandboxes.map((sandbox) => turns.run(sandbox.id, () => adopt(sandbox))))
      return kept.filter((item) => item !== undefined)
    },
    // What is known is what the kernel knows: a call that is still on its way ends as it began.
    close: async () => {},
  }
}

/** false: the address is another's, who was faster. */
async function tryConnect(ends: Ends, tag: string): Promise<boolean> {
  try {
    await connectPod(ends, tag)
    return true
  } catch (error) {
    if (!/File exists/.test(String(error))) throw error
    if (await isLink(linkOf(ends.address))) return false
    // What we were killed over left an end in the namespace.
    await clearPod(ends.namespace)
    await connectPod(ends, tag)
    return true
  }
}

/** No fault of the runtime: the Pod shows it. */
function failed(error: unknown): never {
  if (error instanceof RuntimeError) throw error
  throw new RuntimeError('FailedCreatePodSandBox', `the Pod cannot be connected: ${(error as Error).message}`, { cause: error })
}
