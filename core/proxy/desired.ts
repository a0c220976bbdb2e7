/** From a Service and its EndpointSlices to what a node's kernel should do. Pure. */
import { isIP } from 'node:net'
import type { EndpointSlice, Service } from '../kinds/contract.js'
import type { ProxyEndpoint, ServicePort } from './contract.js'

type Port = NonNullable<Service['spec']['ports']>[number]
type Endpoint = EndpointSlice['endpoints'][number]

/**
 * Headless services and ExternalName have no address to answer at: none. In order of key. `local`: whether a node is this
 * machine. `zone`: of this machine, asked only where endpoints are meant for zones.
 */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  local: (node: string) => boolean,
  zone: () => string | undefined,
): ServicePort[] {
  const { spec } = service
  const addresses = (spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP]).filter(isAddress)
  if (spec.type === 'ExternalName' || addresses.length === 0) return []
  const ports = (spec.ports ?? []).map((port) => {
    const candidates = candidatesOf(port, slices, spec.publishNotReadyAddresses === true, local)
    return servicePort(service, port, addresses, candidates, zone)
  })
  return ports.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** What a mode writes into rules of the kernel: a status may hold any text, and who may write one is not root on nodes. */
function isAddress(address: string | undefined): address is string {
  return address !== undefined && isIP(address) !== 0
}

function servicePort(
  { spec, status, metadata }: Service,
  port: Port,
  clusterIps: readonly string[],
  candidates: readonly Candidate[],
  zone: () => string | undefined,
): ServicePort {
  const { name: service, namespace = '' } = metadata
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const externalLocal = spec.externalTrafficPolicy === 'Local'
  const internalLocal = spec.internalTrafficPolicy === 'Local'
  const everywhere = chosenOf(candidates, zone)
  // Chosen by itself: what still serves here goes before what is ready elsewhere.
  const here = chosenOf(candidates.filter(({ endpoint }) => endpoint.local))
  const portName = port.name ?? ''
  return Object.freeze({
    key: `${namespace}/${service}:${portName}`,
    namespace,
    service,
    portName,
    protocol: (port.protocol ?? 'TCP') as ServicePort['protocol'],
    clusterIps,
    port: port.port,
    nodePort: external ? (port.nodePort ?? 0) : 0,
    externalIps: (spec.externalIPs ?? []).filter(isAddress),
    loadBalancerIps: (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip).filter(isAddress),
    affinitySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    externalLocal,
    internalLocal,
    endpoints: internalLocal ? here : everywhere,
    externalEndpoints: externalLocal ? here : everywhere,
  })
}

interface Candidate {
  readonly endpoint: ProxyEndpoint
  readonly ready: boolean
  /** For whose clients it is meant; empty: for all. */
  readonly zones: readonly string[]
}

/** All that are ready or still serve while they end, in order of address, each once. */
function candidatesOf(
  port: Port,
  slices: readonly EndpointSlice[],
  publishNotReady: boolean,
  local: (node: string) => boolean,
): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const slice of slices) {
    const target = slice.ports?.find(
      (candidate) => (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (!target?.port || slice.addressType === 'FQDN') continue
    for (const endpoint of slice.endpoints) {
      const ready = publishNotReady || isReady(endpoint)
      const [address] = endpoint.addresses
      if (!isAddress(address) || !(ready || isServing(endpoint))) continue
      const key = `${address}:${target.port}`
      // An endpoint that moves from one slice to another is in both for a moment.
      if (found.get(key)?.ready) continue
      const here = endpoint.nodeName !== undefined && local(endpoint.nodeName)
      const zones = endpoint.hints?.forZones?.map(({ name }) => name) ?? []
      found.set(key, { ready, zones, endpoint: Object.freeze({ address, port: target.port, local: here }) })
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, candidate]) => candidate)
}

/** The ready ones, of which those that are meant for this zone; where none is ready, those that still serve. */
function chosenOf(candidates: readonly Candidate[], zone?: () => string | undefined): readonly ProxyEndpoint[] {
  const ready = candidates.filter((candidate) => candidate.ready)
  const chosen = ready.length === 0 ? candidates : zone ? nearbyOf(ready, zone) : ready
  return Object.freeze(chosen.map(({ endpoint }) => endpoint))
}

/** All of them as long as one says not for whom it is meant, or none is meant for this zone: better far than nobody. */
function nearbyOf(ready: readonly Candidate[], zoneOf: () => string | undefined): readonly Candidate[] {
  if (ready.some(({ zones }) => zones.length === 0)) return ready
  const zone = zoneOf()
  const nearby = ready.filter(({ zones }) => zone !== undefined && zones.includes(zone))
  return nearby.length > 0 ? nearby : ready
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false
}

function isServing({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true
}
