import type { NodeContext, Runtime, Sandbox, SandboxConfig } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { type Addresses, createAddresses } from './addresses.js'
import type { DockerConfig } from './config.js'
import { type Engine, messageOf, problem, statusOf, unless } from './engine.js'
import { filterOf, label, type Owner, type SandboxFacts, type Sharing, sandboxOf, sharingOf } from './labels.js'
import { canLink, connectPod, isConnected, isLink, linkOf, reconnectPod } from './links.js'
import { addressesByDocker, ensureNetwork, networkRanges, type PodNetwork } from './network.js'
import { nameOf, type SandboxNetwork, sandboxOptions } from './options.js'
import { loadPauseImage } from './pause-image.js'
import { removeContainer, removeLeftover } from './remove.js'
import { removeResolvConf, writeResolvConf } from './resolv-conf.js'

export type Sandboxes = Pick<Runtime, 'runSandbox' | 'stopSandbox' | 'removeSandbox' | 'listSandboxes'> & {
  /** What containers of the sandbox share with it; of a sandbox of a former life too. */
  sharing(id: string): Promise<Sharing>
  /** Makes the network again if it was removed while Pods are on it, and puts them back. `removed`: Docker says so of this one. */
  checkNetwork(removed?: string): Promise<void>
  /** Docker says that this container's process has ended. */
  died(id: string): void
}

export interface SandboxParts {
  readonly engine: Engine
  readonly node: NodeContext
  readonly config: Pick<DockerConfig, 'network'>
  now(): number
}

interface Network extends PodNetwork {
  readonly addresses: Addresses
  /** We may connect Pods to its bridge. */
  readonly linked: boolean
}

/** What may be in the way of a start and is then made, or chosen anew. */
const longestTry = 20

export function createSandboxes({ engine, node, config: { network: wanted }, now }: SandboxParts): Sandboxes {
  const { docker } = engine
  const known = new Map<string, { readonly sandbox: Sandbox; readonly sharing: Sharing }>()
  let network: Promise<Network> | undefined
  let pool: Addresses | undefined
  /** What Docker had given to containers of anybody when it was last asked. A hint: it saves starts that would fail. */
  let byDocker: ReadonlySet<string> = new Set()
  /** The addresses of those that are being connected for the first time. */
  const starting = new Set<string>()

  /** None is ever started again. */
  const dead = new Set<string>()
  const listSandboxes = async (): Promise<readonly Sandbox[]> => {
    const filters = filterOf(node, { [label.type]: 'sandbox' })
    const listed = await docker.listContainers({ all: true, filters })
    return listed.map(({ Id, Labels, State }) => {
      const sandbox = sandboxOf(Id, Labels, State === 'running' && !dead.has(Id))
      known.set(Id, { sandbox, sharing: sharingOf(Labels) })
      return sandbox
    })
  }

  /** A Pod that we connected and that has lost its link. What cannot be mended ends: the Pod gets another sandbox. */
  const repair = async ({ id, ips: [address = ''] }: Sandbox, found: PodNetwork): Promise<void> => {
    if (starting.has(address) || (await isConnected(address, found))) return
    const info = await unless([404], docker.getContainer(id).inspect())
    if (info?.HostConfig.NetworkMode !== 'none') return
    const holder = { id, pid: info.State.Pid }
    await reconnectPod(holder, address, found).catch(() => unless([404, 409], docker.getContainer(id).kill()))
  }

  const openNetwork = async (): Promise<Network> => {
    const ranges = networkRanges(node.podCidr, node.clusterCidr)
    if (!ranges) throw new RuntimeError('FailedCreatePodSandBox', `"${node.podCidr}" is no range of addresses for Pods`)
    const [found, sandboxes] = await Promise.all([ensureNetwork(engine, ranges.pod, ranges.cluster), listSandboxes()])
    const taken = sandboxes.filter(({ ips, state }) => ips.length > 0 && state === 'ready')
    // Kept when the network is made again, and knows all since: of what is listed then, a start may have failed meanwhile.
    if (!pool) {
      pool = createAddresses(ranges.pod)
      for (const sandbox of taken) pool.use(sandbox.ips[0] as string, ownerOf(sandbox))
    }
    const addresses = pool
    const linked = wanted === 'auto' && (await canLink(found.name))
    if (linked) await Promise.all(taken.map((sandbox) => repair(sandbox, found)))
    return { ...found, addresses, linked }
  }
  /** One after another: two at once would both connect a Pod that has lost its link, and the loser would end it. */
  const reopen = (): Promise<Network> => {
    const before: Promise<unknown> = network ?? Promise.resolve()
    const opening = before.then(openNetwork, openNetwork)
    network = opening
    opening.catch(() => {
      if (network === opening) network = undefined
    })
    return opening
  }
  const needNetwork = (): Promise<Network> => network ?? reopen()

  /** Creates and starts the pause container once. Rejects with Docker's own error, leaving nothing. */
  const attempt = async (config: SandboxConfig, sharing: Sharing, used?: Promise<Network>): Promise<Sandbox> => {
    const joined = await used
    const address = joined && (await takeAddress(joined, config))
    const facts: SandboxFacts = { owner: node, config, createdAt: now(), address, sharing }
    const way = wayOf(joined, config, sharing)
    const options = sandboxOptions(facts, way)
    let id: string | undefined
    try {
      const container = await docker.createContainer(options)
      id = container.id
      if (address !== undefined) starting.add(address)
      await container.start()
      if (joined && address !== undefined && way.kind === 'own') {
        const { Pid: pid } = (await container.inspect()).State
        await connectPod({ id, pid }, address, joined)
      }
      if (joined && address !== undefined) await refuseDouble(joined, address, way)
      const sandbox = sandboxOf(id, options.Labels ?? {}, true)
      known.set(id, { sandbox, sharing })
      return sandbox
    } catch (error) {
      if (id !== undefined) await removeContainer(docker, id)
      joined?.addresses.free(address, ownerOf(config))
      throw error
    } finally {
      if (address !== undefined) starting.delete(address)
    }
  }

  const takeAddress = async ({ addresses }: Network, config: SandboxConfig): Promise<string> => {
    const foreign: string[] = []
    try {
      for (;;) {
        const address = addresses.take(ownerOf(config))
        if (address === undefined) {
          // What Docker had given then may be free by now.
          byDocker = new Set()
          throw new RuntimeError('FailedCreatePodSandBox', `all addresses of ${node.podCidr} are in use`)
        }
        // Another cluster with the same range, whose links Docker does not know; or a container that we know nothing of.
        if (!byDocker.has(address) && !(await isLink(linkOf(address)))) return address
        foreign.push(address)
      }
    } finally {
      for (const address of foreign) addresses.free(address, ownerOf(config))
    }
  }

  /** Docker and the links know nothing of each other: who took an address from one looks then whether the other has it. */
  const refuseDouble = async ({ name }: Network, address: string, { kind }: SandboxNetwork): Promise<void> => {
    if (kind === 'own') byDocker = await addressesByDocker(engine, name)
    const double = kind === 'own' ? byDocker.has(address) : await isLink(linkOf(address))
    if (double) throw new RuntimeError('FailedCreatePodSandBox', `${address}: address already in use on this machine`)
  }

  /** Pods that start together share one load. */
  let loading: Promise<void> | undefined
  const needPauseImage = (): Promise<void> => {
    loading ??= loadPauseImage(engine).finally(() => (loading = undefined))
    return loading
  }

  /** Makes what a failed attempt lacked. false: nothing that could be made. */
  const mend = async (error: unknown, config: SandboxConfig, used?: Promise<Network>): Promise<boolean> => {
    const message = messageOf(error)
    if (statusOf(error) === 404 && /no such image/i.test(message)) await needPauseImage()
    else if (/network \S+ not found|Device does not exist/i.test(message)) {
      // Whether it can be made again, the next attempt hears.
      if (network === used) void reopen()
    } else if (statusOf(error) === 409) return removeLeftover(engine, nameOf(config.pod, undefined, config.attempt), node)
    // Somebody else holds this one; the next attempt takes the next.
    else return /address already in use|answers: File exists/i.test(message) && !/listen|bind/i.test(message)
    return true
  }

  const release = async (id: string): Promise<void> => {
    const sandbox = known.get(id)?.sandbox
    if (!sandbox) return
    // While it is being opened for the first time, the pool is yet to come; where that fails, there is nothing to free.
    await network?.catch(() => undefined)
    pool?.free(sandbox.ips[0], ownerOf(sandbox))
  }

  const stop = async (id: string): Promise<void> => {
    const members = await membersOf(engine, node, id)
    const kills = [...members, id].map((each) => unless([404, 409], docker.getContainer(each).kill()))
    await Promise.all(kills)
    await release(id)
  }

  return {
    listSandboxes,
    stopSandbox: stop,
    died: (id) => void dead.add(id),
    async checkNetwork(removed) {
      const before = await network?.catch(() => undefined)
      if (removed !== undefined && removed !== before?.name) return
      const sandboxes = await listSandboxes()
      if (!sandboxes.some(({ ips, state }) => ips.length > 0 && state === 'ready')) return
      await reopen()
    },
    async runSandbox(config) {
      const resolvConf = await writeResolvConf(node.directory, config)
      const sharing: Sharing = {
        pid: config.hostPid ? 'host' : config.shareProcessNamespace ? 'pod' : 'container',
        ipc: config.hostIpc ? 'host' : 'pod',
        ...(config.runtimeHandler !== undefined && { runtime: config.runtimeHandler }),
        ...(resolvConf === undefined ? {} : { resolvConf }),
      }
      try {
        for (let turn = 1; ; turn += 1) {
          const used = config.hostNetwork ? undefined : needNetwork()
          try {
            return await attempt(config, sharing, used)
          } catch (error) {
            if (turn === longestTry || !(await mend(error, config, used))) throw error
          }
        }
      } catch (error) {
        await removeResolvConf(resolvConf)
        throw problem('FailedCreatePodSandBox', error)
      }
    },
    async removeSandbox(id) {
      const sharing = known.get(id)?.sharing ?? (await findSharing(engine, id))
      await Promise.all((await membersOf(engine, node, id)).map((each) => removeContainer(docker, each)))
      await removeContainer(docker, id)
      await removeResolvConf(sharing?.resolvConf)
      await release(id)
      known.delete(id)
      dead.delete(id)
    },
    async sharing(id) {
      const sharing = known.get(id)?.sharing ?? (await findSharing(engine, id))
      if (!sharing) throw new RuntimeError('CreateContainerError', `the sandbox ${id} is gone`)
      return sharing
    },
  }
}

/** Docker's own way where only Docker can: host ports, and the resolver that it runs inside. */
function wayOf(joined: Network | undefined, { portMappings }: SandboxConfig, { resolvConf }: Sharing): SandboxNetwork {
  if (!joined) return { kind: 'host' }
  const own = joined.linked && portMappings.length === 0 && resolvConf !== undefined
  return own ? { kind: 'own' } : { kind: 'docker', name: joined.name }
}

function ownerOf({ pod, attempt }: Pick<Sandbox, 'pod' | 'attempt'>): string {
  return `${pod.uid}/${attempt}`
}

async function membersOf({ docker }: Engine, owner: Owner, sandboxId: string): Promise<string[]> {
  const filters = filterOf(owner, { [label.sandbox]: sandboxId })
  return (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id)
}

async function findSharing({ docker }: Engine, id: string): Promise<Sharing | undefined> {
  const found = await unless([404], docker.getContainer(id).inspect())
  return found && sharingOf(found.Config.Labels)
}
