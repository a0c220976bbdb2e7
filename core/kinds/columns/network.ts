/** Tables of what leads traffic to pods. */
import type { TablePrinter } from '../contract.js'
import type { EndpointSlice, Endpoints, Ingress, IngressClass, IPAddress, NetworkPolicy, Service, ServiceCIDR } from '../types.js'
import { age, formatLabels, formatSelector, NONE, printer, some, UNSET } from './format.js'

const service = printer<Service>('Name,Type,Cluster-IP,External-IP,Port(s),Age,[Selector]', (object, now) => [
  object.metadata.name,
  object.spec.type ?? '',
  object.spec.clusterIPs?.[0] || object.spec.clusterIP || NONE,
  externalAddress(object),
  servicePorts(object) || NONE,
  age(object, now),
  formatLabels(object.spec.selector),
])

function balancerAddresses(ingress: readonly { ip?: string | undefined; hostname?: string | undefined }[] | undefined): string {
  const addresses = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== '')
  return [...new Set(addresses)].sort().join(',')
}

function externalAddress({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  const external = spec.externalIPs ?? []
  if (spec.type !== 'LoadBalancer') return external.join(',') || NONE
  const balancer = balancerAddresses(status?.loadBalancer?.ingress)
  return [...(balancer === '' ? [] : [balancer]), ...external].join(',') || '<pending>'
}

function servicePorts({ spec }: Service): string {
  const text = (port: NonNullable<typeof spec.ports>[number]) =>
    `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol ?? 'TCP'}`
  return (spec.ports ?? []).map(text).join(',')
}

const endpoints = printer<Endpoints>('Name,Endpoints,Age', (object, now) => [
  object.metadata.name,
  object.subsets === undefined || object.subsets.length === 0 ? NONE : some(object.subsets.flatMap(subsetAddresses)),
  age(object, now),
])

function subsetAddresses({ addresses = [], ports = [] }: NonNullable<Endpoints['subsets']>[number]): string[] {
  if (ports.length === 0) return addresses.map(({ ip }) => ip)
  const join = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  return ports.flatMap(({ port }) => addresses.map(({ ip }) => join(ip, port)))
}

const endpointSlice = printer<EndpointSlice>('Name,AddressType,Ports,Endpoints,Age', (object, now) => [
  object.metadata.name,
  object.addressType,
  some((object.ports ?? []).map(({ port }) => (port === undefined ? '*' : `${port}`))) || UNSET,
  some((object.endpoints ?? []).flatMap(({ addresses }) => addresses)) || UNSET,
  age(object, now),
])

const ingress = printer<Ingress>('Name,Class,Hosts,Address,Ports,Age', (object, now) => [
  object.metadata.name,
  object.spec?.ingressClassName ?? NONE,
  ingressHosts(object),
  balancerAddresses(object.status?.loadBalancer?.ingress),
  (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
  age(object, now),
])

function ingressHosts(object: Ingress): string {
  const hosts = (object.spec?.rules ?? []).map(({ host }) => host ?? '').filter((host) => host !== '')
  return some(hosts) || '*'
}

const ingressClass = printer<IngressClass>('Name,Controller,Parameters,Age', (object, now) => {
  const parameters = object.spec?.parameters
  const group = parameters?.apiGroup ? `.${parameters.apiGroup}` : ''
  const reference = parameters === undefined ? NONE : `${parameters.kind}${group}/${parameters.name}`
  return [object.metadata.name, object.spec?.controller ?? '', reference, age(object, now)]
})

const networkPolicy = printer<NetworkPolicy>('Name,Pod-Selector,Age', (object, now) => [
  object.metadata.name,
  formatSelector(object.spec?.podSelector ?? {}),
  age(object, now),
])

const serviceCidr = printer<ServiceCIDR>('Name,CIDRs,Age', (object, now) => [
  object.metadata.name,
  (object.spec?.cidrs ?? []).join(','),
  age(object, now),
])

const ipAddress = printer<IPAddress>('Name,ParentRef', (object) => {
  const { group = '', resource = '', namespace = '', name = '' } = object.spec?.parentRef ?? {}
  const place = [group === '' ? resource : `${resource}.${group}`, namespace, name].filter((part) => part !== '')
  return [object.metadata.name, place.join('/')]
})

export const networkTables: Readonly<Record<string, TablePrinter>> = {
  '/Service': service,
  '/Endpoints': endpoints,
  'discovery.k8s.io/EndpointSlice': endpointSlice,
  'networking.k8s.io/Ingress': ingress,
  'networking.k8s.io/IngressClass': ingressClass,
  'networking.k8s.io/NetworkPolicy': networkPolicy,
  'networking.k8s.io/ServiceCIDR': serviceCidr,
  'networking.k8s.io/IPAddress': ipAddress,
}
