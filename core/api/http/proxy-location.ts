/** What a name before `/proxy` means: `name`, `name:port` or `scheme:name:port` of a pod, a service or a node. */
import { BlockList, isIP } from 'node:net'
import { ApiError } from '../../client/contract.js'
import type { Random } from '../../kernel/contract.js'
import type { EndpointSlice, KubeObject, Node, Pod, Service } from '../../kinds/contract.js'

export interface ProxyName {
  readonly secure: boolean
  readonly name: string
  /** '' where none is given. */
  readonly port: string
}
/** Where to connect; `pod` where the agent of its node does it. */
export interface Location {
  readonly secure: boolean
  readonly address: string
  readonly port: number
  readonly pod?: Pod
}
/** Reads as the server itself: who may proxy need not be allowed to read. Rejects with 404. */
export interface LocationReader {
  get(resource: 'pods' | 'services' | 'nodes', namespace: string, name: string): Promise<KubeObject>
  slices(namespace: string, service: string): Promise<readonly EndpointSlice[]>
}

const resources = { pods: 'pod', services: 'service', nodes: 'node' } as const
export type ProxyResource = keyof typeof resources

export const isProxyResource = (resource: string): resource is ProxyResource => Object.hasOwn(resources, resource)

const proxyPath = /^\/api\/v1\/(?:namespaces\/[^/]+\/(?:pods|services)|nodes)\/[^/]+\/proxy(?:[/?]|$)/
/** Asked of every request, for what is to be passed on before it has come in whole. */
export const isProxyPath = (url: string): boolean => url.includes('/proxy') && proxyPath.test(url)

export function parseProxyName(resource: ProxyResource, id: string): ProxyName {
  const parts = id.split(':')
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1] ?? '']
  const known = scheme === '' || scheme === 'http' || scheme === 'https'
  if (parts.length > 3 || !name || !known) {
    throw ApiError.badRequest(`invalid ${resources[resource]} request ${JSON.stringify(id)}`)
  }
  return { secure: scheme === 'https', name, port: port ?? '' }
}

export async function locate(
  resource: ProxyResource,
  namespace: string,
  id: string,
  reader: LocationReader,
  random: Random,
): Promise<Location> {
  const wanted = parseProxyName(resource, id)
  if (resource === 'pods') return podLocation(wanted, (await reader.get('pods', namespace, wanted.name)) as Pod)
  if (resource === 'nodes') return nodeLocation(wanted, (await reader.get('nodes', '', wanted.name)) as Node)
  return serviceLocation(wanted, namespace, id, reader, random)
}

function podLocation({ secure, port }: ProxyName, pod: Pod): Location {
  const declared = pod.spec.containers.flatMap((container) => container.ports?.slice(0, 1) ?? [])[0]?.containerPort
  const number = port === '' ? (declared ?? (secure ? 443 : 80)) : portNumber(port)
  return { secure, address: allowed(pod.status?.podIP), port: number, pod }
}

/** The node, where its agent is meant: by its port, or by none. */
export async function agentOf(id: string, reader: LocationReader): Promise<{ readonly node: string } | undefined> {
  const { name, port } = parseProxyName('nodes', id)
  if (port === '') return { node: name }
  const node = (await reader.get('nodes', '', name)) as Node
  const own = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0
  return own !== 0 && port === String(own) ? { node: name } : undefined
}

/** A port that something on the node listens on. */
function nodeLocation({ secure, port }: ProxyName, node: Node): Location {
  const addresses = node.status?.addresses ?? []
  const found = ['InternalIP', 'ExternalIP'].flatMap((type) => addresses.filter((address) => address.type === type))[0]
  return { secure, address: allowed(found?.address), port: portNumber(port) }
}

async function serviceLocation(
  { secure, name, port }: ProxyName,
  namespace: string,
  id: string,
  reader: LocationReader,
  random: Random,
): Promise<Location> {
  const service = (await reader.get('services', namespace, name)) as Service
  const portName = servicePortName(service, name, port)
  const choices = choicesOf(await reader.slices(namespace, name), portName, namespace)
  // From a random one on, so that one that has just gone does not fail the request.
  const start = choices.length === 0 ? 0 : random.integer(choices.length)
  for (let index = 0; index < choices.length; index++) {
    const { podName, address, port: number } = choices[(start + index) % choices.length] as Choice
    const pod = await reader.get('pods', namespace, podName).catch(() => undefined)
    const ips = (pod as Pod | undefined)?.status?.podIPs ?? []
    // Only what is truly a pod: whoever writes slices must not choose where we connect to.
    if (pod && ips.some(({ ip }) => ip === address) && isAllowed(address)) {
      return { secure, address, port: number, pod: pod as Pod }
    }
  }
  throw ApiError.serviceUnavailable(`no endpoints available for service ${JSON.stringify(id)}`)
}

function servicePortName(service: Service, name: string, port: string): string {
  if (!/^\d+$/.test(port)) return port
  const found = service.spec.ports?.find((candidate) => candidate.port === Number(port))
  if (found) return found.name ?? ''
  throw ApiError.serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`)
}

interface Choice {
  readonly podName: string
  readonly address: string
  readonly port: number
}
function choicesOf(slices: readonly EndpointSlice[], portName: string, namespace: string): Choice[] {
  return slices.flatMap(({ endpoints = [], ports = [] }) => {
    const port = ports.find((candidate) => (candidate.name ?? '') === portName)?.port
    if (port === undefined) return []
    return endpoints.flatMap(({ addresses, conditions, targetRef }): Choice[] => {
      const [address] = addresses
      const isPod = targetRef?.kind === 'Pod' && (targetRef.namespace ?? namespace) === namespace && targetRef.name
      return address !== undefined && isPod && conditions?.ready !== false ? [{ podName: isPod, address, port }] : []
    })
  })
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535)
    throw ApiError.serviceUnavailable(`error trying to reach service: invalid port ${JSON.stringify(text)}`)
  return port
}

const refused = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const) {
  refused.addSubnet(network, bits)
}
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  refused.addSubnet(network, bits, 'ipv6')
}

/** A status is written by agents: an address of this machine itself would let them look behind our own door. */
function isAllowed(address: string): boolean {
  const version = isIP(address)
  return version !== 0 && !refused.check(address, version === 6 ? 'ipv6' : 'ipv4')
}
function allowed(address: string | undefined): string {
  if (address === undefined || !isAllowed(address)) throw ApiError.badRequest('address not allowed')
  return address
}
