/** From a Service and its EndpointSlices to what a node's kernel should do. Pure. */
import type { EndpointSlice, Service } from '../kinds/contract.js'
import type { ProxyEndpoint, ServicePort } from './contract.js'

type Port = NonNullable<Service['spec']['ports']>[number]
type Endpoint = EndpointSlice['endpoints'][number]

/** Headless services and ExternalName have no address to answer at: none. `local`: whether a node is this machine. */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  local: (node: string) => boolean,
): ServicePort[] {
  const { spec, metadata } = service
  const addresses = (spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP]).filter(isAddress)
  if (spec.type === 'ExternalName' || addresses.length === 0) return []
  return (spec.ports ?? []).map((port) =>
    servicePort(
      service,
      port,
      addresses,
      endpointsOf(port, slices, spec.publishNotReadyAddresses === true, local),
      metadata.namespace ?? '',
    ),
  )
}

function isAddress(address: string | undefined): address is string {
  return address !== undefined && address !== '' && address !== 'None'
}

function servicePort(
  service: Service,
  port: Port,
  clusterIps: readonly string[],
  endpoints: readonly ProxyEndpoint[],
  namespace: string,
): ServicePort {
  const { spec, status, metadata } = service
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const externalLocal = spec.externalTrafficPolicy === 'Local'
  const internalLocal = spec.internalTrafficPolicy === 'Local'
  const onlyLocal = endpoints.filter((endpoint) => endpoint.local)
  const portName = port.name ?? ''
  return Object.freeze({
    key: `${namespace}/${metadata.name}:${portName}`,
    namespace,
    service: metadata.name,
    portName,
    protocol: (port.protocol ?? 'TCP') as ServicePort['protocol'],
    clusterIps,
    port: port.port,
    nodePort: external ? (port.nodePort ?? 0) : 0,
    externalIps: spec.externalIPs ?? [],
    loadBalancerIps: (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip).filter(isAddress),
    affinitySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    externalLocal,
    internalLocal,
    endpoints: internalLocal ? onlyLocal : endpoints,
    externalEndpoints: externalLocal ? onlyLocal : endpoints,
  })
}

/** The ready ones; where none is ready, those that still serve while they end. In order of address, each once. */
function endpointsOf(
  port: Port,
  slices: readonly EndpointSlice[],
  publishNotReady: boolean,
  local: (node: string) => boolean,
): readonly ProxyEndpoint[] {
  const ready = new Map<string, ProxyEndpoint>()
  const serving = new Map<string, ProxyEndpoint>()
  for (const slice of slices) {
    const target = slice.ports?.find(
      (candidate) => (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (!target?.port || slice.addressType === 'FQDN') continue
    for (const endpoint of slice.endpoints) {
      const into = publishNotReady || isReady(endpoint) ? ready : isServing(endpoint) ? serving : undefined
      const [address] = endpoint.addresses
      if (!into || address === undefined) continue
      into.set(
        `${address}:${target.port}`,
        Object.freeze({ address, port: target.port, local: endpoint.nodeName !== undefined && local(endpoint.nodeName) }),
      )
    }
  }
  const chosen = ready.size > 0 ? ready : serving
  return [...chosen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false
}

function isServing({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true
}
