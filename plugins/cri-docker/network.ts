/**
 * One Docker network for all nodes of a cluster on this machine. Docker keeps its networks apart from one another, so
 * Pods of two nodes reach each other only inside one; each node gives its Pods fixed addresses out of its own range.
 */
import { createHash } from 'node:crypto'
import { type NodeContext, RuntimeError, refuseForeignRoutes } from '@davit/core/node'
import type { NetworkInspectInfo } from 'dockerode'
import { contains, formatRange, gatewayOf, parseRange, type Range } from './addresses.js'
import { type Engine, messageOf, statusOf, unless } from './engine.js'
import { label } from './labels.js'

export interface PodNetwork {
  readonly name: string
  readonly range: Range
}

/** Finds the network that the node's range lies in, or makes it. Rejects when another network is in the way. */
export async function ensureNetwork(engine: Engine, podRange: Range, clusterRange: Range): Promise<PodNetwork> {
  const there = (await ownNetworks(engine)).find((network) => contains(network.range, podRange))
  if (there) return there
  const range = contains(clusterRange, podRange) ? clusterRange : podRange
  const subnet = formatRange(range)
  const hash = createHash('sha256').update(subnet).digest('hex').slice(0, 8)
  const name = `davit-${hash}`
  const options = {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gatewayOf(range) }] },
    Labels: { [label.network]: subnet },
    Options: {
      // The kernel allows 15 characters.
      'com.docker.network.bridge.name': `davit-${hash}`,
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
    },
  }
  // 409: another node of this machine was faster.
  await unless([409], engine.docker.createNetwork(options)).catch((error: unknown) => {
    if (statusOf(error) === undefined) throw error
    const message = `no Docker network for the Pods' addresses ${subnet}: ${messageOf(error)}`
    throw new RuntimeError('FailedCreatePodSandBox', message, { cause: error })
  })
  return { name, range }
}

/** Rejects where something else of the machine stands for addresses of the node's Pods. */
export async function refuseForeign(engine: Engine, { podCidr, clusterCidr }: NodeContext): Promise<void> {
  const ranges = networkRanges(podCidr, clusterCidr)
  if (!ranges) return
  const there = (await ownNetworks(engine)).filter(({ range }) => contains(range, ranges.pod))
  const network = there[0]?.range ?? (contains(ranges.cluster, ranges.pod) ? ranges.cluster : ranges.pod)
  await refuseForeignRoutes(
    podCidr,
    // Networks are named as their bridges are.
    there.map(({ name }) => name),
    formatRange(network),
  )
}

/** Removes the networks that the range lies in or that lie in it, where nobody uses them any more. */
export async function removeNetworks(engine: Engine, podRange: Range): Promise<void> {
  for (const { name, range } of await ownNetworks(engine)) {
    if (!contains(range, podRange) && !contains(podRange, range)) continue
    // Docker knows nothing of those that we connected.
    if ((await addressesIn(engine, range)).length > 0) continue
    // 403: a container of another node is connected.
    await unless([403, 404], engine.docker.getNetwork(name).remove())
  }
}

/** What the running sandboxes of anybody have of the range. */
async function addressesIn({ docker }: Engine, range: Range): Promise<string[]> {
  const running = await docker.listContainers({ filters: { label: [`${label.type}=sandbox`] } })
  return running.flatMap(({ Labels }) => {
    const address = Labels[label.address] ?? ''
    const found = parseRange(`${address}/30`)
    return found && contains(range, found) ? [address] : []
  })
}

/** What Docker itself gave to containers on the network, whoever's they are. */
export async function addressesByDocker({ docker }: Engine, name: string): Promise<ReadonlySet<string>> {
  const { Containers = {} }: NetworkInspectInfo = await docker.getNetwork(name).inspect()
  return new Set(Object.values(Containers).map(({ IPv4Address }) => IPv4Address.replace(/\/.*/, '')))
}

async function ownNetworks({ docker }: Engine): Promise<PodNetwork[]> {
  const networks: NetworkInspectInfo[] = await docker.listNetworks({ filters: JSON.stringify({ label: [label.network] }) })
  return networks.flatMap(({ Name, Labels }) => {
    const range = parseRange(Labels?.[label.network] ?? '')
    return range ? [{ name: Name, range }] : []
  })
}

/** All that a runtime needs of the network to give a Pod its address. */
export function networkRanges(podCidr: string, clusterCidr: string | undefined): { pod: Range; cluster: Range } | undefined {
  const pod = parseRange(podCidr)
  if (!pod) return undefined
  return { pod, cluster: parseRange(clusterCidr ?? podCidr) ?? pod }
}
