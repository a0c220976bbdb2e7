/** Services. Addresses and node ports are given by the API's allocator; here is what they may look like and become. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkName, duplicate, forbidden, invalid, notSupported, PORT_RANGE, required, tooMany } from '../field-error.js'
import { checkLabels } from '../metadata.js'
import { cidr, dnsLabel, dnsSubdomain, ipAddress, qualifiedName } from '../names.js'
import type { Service, ServicePort, ServiceSpec } from '../types.js'
import { checkPortReference } from './containers.js'
import { checkNotSpecial } from './special-addresses.js'

const AFFINITY_SECONDS = 10_800
const HEADLESS = 'None'

export const serviceStrategy: Strategy = {
  defaults: (object) => defaultService(object as Service),
  prepareCreate(object) {
    const service = object as Service
    service.status = { loadBalancer: {} }
    syncAddresses(service.spec)
    if (service.spec.type === 'ExternalName') dropAddresses(service.spec)
  },
  prepareUpdate: (object, old) => prepareUpdate((object as Service).spec, (old as Service).spec),
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as Service
    checkPorts(errors, spec)
    checkAddresses(errors, spec)
    checkFamilies(errors, spec)
    checkTraffic(errors, spec)
    checkLabels(errors, 'spec.selector', spec.selector)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const { spec } = object as Service
    const before = (old as Service).spec
    if (spec.type === 'ExternalName' || before.type === 'ExternalName') return errors
    const [first] = before.clusterIPs ?? []
    if (first !== undefined && spec.clusterIPs?.[0] !== first) {
      errors.push(invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [], 'may not change once set'))
    }
    return errors
  },
}

function isExternal(spec: ServiceSpec): boolean {
  return (
    spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
  )
}

function defaultService({ spec, status }: Service): void {
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  if (isExternal(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'LoadBalancer') return
  spec.allocateLoadBalancerNodePorts ??= true
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
}

/** `clusterIP` is the first of `clusterIPs`, whichever of the two a client knows. */
function syncAddresses(spec: ServiceSpec): void {
  if (spec.clusterIP && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP]
  else if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0]
}

function dropAddresses(spec: ServiceSpec): void {
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[field]
}

function prepareUpdate(spec: ServiceSpec, old: ServiceSpec): void {
  // A client of old changes the one field and sends back the list as it was.
  if (spec.clusterIP !== old.clusterIP && equalJson(spec.clusterIPs, old.clusterIPs)) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
    else delete spec.clusterIPs
  }
  syncAddresses(spec)
  if (spec.type === 'ExternalName') {
    // Leaving the cluster's addresses clears them, unless the client asks for one here and now, which is refused.
    if (old.type !== 'ExternalName' && spec.clusterIP === old.clusterIP) dropAddresses(spec)
  } else if (old.type !== 'ExternalName') keepAddresses(spec, old)
  if (hasNodePorts(spec)) {
    if (hasNodePorts(old)) keepNodePorts(spec, old)
  } else if (hasNodePorts(old)) dropNodePorts(spec, old)
  keepHealthCheck(spec, old)
  dropForeignFields(spec, old)
}

function keepAddresses(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.clusterIP || !old.clusterIP) return
  spec.clusterIP = old.clusterIP
  if (old.clusterIPs !== undefined) spec.clusterIPs = [...old.clusterIPs]
  if (spec.ipFamilies === undefined && old.ipFamilies !== undefined) spec.ipFamilies = [...old.ipFamilies]
  if (spec.ipFamilyPolicy === undefined && old.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy = old.ipFamilyPolicy
}

function hasNodePorts({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer'
}

function portKey({ protocol, port }: ServicePort): string {
  return `${protocol ?? 'TCP'}/${port}`
}

function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const before = new Map((old.ports ?? []).map((port) => [portKey(port), port.nodePort]))
  const used = new Set((spec.ports ?? []).map((port) => port.nodePort))
  for (const port of spec.ports ?? []) {
    const given = before.get(portKey(port))
    if (!port.nodePort && given && !used.has(given)) port.nodePort = given
  }
}

function dropNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const before = new Set((old.ports ?? []).map((port) => port.nodePort))
  for (const port of spec.ports ?? []) if (port.nodePort && before.has(port.nodePort)) delete port.nodePort
}

function needsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

function keepHealthCheck(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsHealthCheck(spec)) {
    if (needsHealthCheck(old) && !spec.healthCheckNodePort && old.healthCheckNodePort) {
      spec.healthCheckNodePort = old.healthCheckNodePort
    }
  } else if (spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort
}

/** A change of type takes what only the old type has with it, where the client left it as it was. */
function dropForeignFields(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type === old.type) return
  if (!isExternal(spec) && spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy
  if (spec.type === 'ExternalName' && spec.internalTrafficPolicy === old.internalTrafficPolicy) delete spec.internalTrafficPolicy
  if (spec.type !== 'ExternalName' && spec.externalName === old.externalName) delete spec.externalName
  if (spec.type === 'LoadBalancer') return
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (spec[field] === old[field]) delete spec[field]
  }
}

// -------------------------------------------------------------------------------------------------------- validation

function checkPorts(errors: FieldError[], spec: ServiceSpec): void {
  const ports = spec.ports ?? []
  if (ports.length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== HEADLESS) errors.push(required('spec.ports'))
  const names = new Set<string>()
  const keys = new Set<string>()
  const nodePorts = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`
    checkPort(errors, at, port, ports.length > 1)
    if (port.name && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
    if (keys.has(portKey(port))) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }))
    names.add(port.name ?? '')
    keys.add(portKey(port))
    if (!port.nodePort) continue
    const key = `${port.protocol}/${port.nodePort}`
    if (!hasNodePorts(spec)) errors.push(forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${spec.type}'`))
    if (nodePorts.has(key)) errors.push(duplicate(`${at}.nodePort`, port.nodePort))
    nodePorts.add(key)
  }
}

function checkPort(errors: FieldError[], at: string, port: ServicePort, named: boolean): void {
  if (port.name) checkName(errors, `${at}.name`, port.name, dnsLabel)
  else if (named) errors.push(required(`${at}.name`))
  if (!(port.port >= 1 && port.port <= 65535)) errors.push(invalid(`${at}.port`, port.port ?? 0, PORT_RANGE))
  // A wrong number that was taken over from the port is one mistake, not two.
  if (port.targetPort !== port.port) checkPortReference(errors, `${at}.targetPort`, port.targetPort)
  if (port.appProtocol) checkName(errors, `${at}.appProtocol`, port.appProtocol, qualifiedName)
}

function checkAddresses(errors: FieldError[], spec: ServiceSpec): void {
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])
  if (spec.type === 'ExternalName') {
    const name = (spec.externalName ?? '').replace(/\.$/, '')
    if (name === '') errors.push(required('spec.externalName'))
    else checkName(errors, 'spec.externalName', name, dnsSubdomain)
    if (addresses.length > 0) errors.push(forbidden('spec.clusterIPs[0]', 'may not be set for ExternalName services'))
    return
  }
  if (addresses.length > 2) errors.push(tooMany('spec.clusterIPs', addresses.length, 2))
  for (const [index, address] of addresses.entries()) {
    if (address === HEADLESS && index === 0) continue
    if (ipAddress(address) === undefined) continue
    errors.push(invalid(`spec.clusterIPs[${index}]`, address, "must be empty, 'None', or a valid IP address"))
  }
  if (addresses[0] === HEADLESS && hasNodePorts(spec)) {
    errors.push(invalid('spec.clusterIPs[0]', HEADLESS, `may not be set to 'None' for ${spec.type} services`))
  }
  if (spec.clusterIP && spec.clusterIPs !== undefined && spec.clusterIPs[0] !== spec.clusterIP) {
    errors.push(invalid('spec.clusterIPs', spec.clusterIPs, 'first value must match `clusterIP`'))
  }
}

function checkFamilies(errors: FieldError[], { ipFamilies = [], trafficDistribution }: ServiceSpec): void {
  for (const [index, family] of ipFamilies.entries()) {
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(`spec.ipFamilies[${index}]`, family))
  }
  if (trafficDistribution !== undefined && trafficDistribution !== 'PreferClose') {
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, ['PreferClose']))
  }
}

function checkTraffic(errors: FieldError[], spec: ServiceSpec): void {
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (timeout !== undefined && !(timeout > 0 && timeout <= 86_400)) {
    const detail = 'must be greater than 0 and less than 86400'
    errors.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', timeout, detail))
  }
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const path = `spec.externalIPs[${index}]`
    if (ipAddress(address) === undefined) checkNotSpecial(errors, path, address)
    else checkName(errors, path, address, ipAddress)
  }
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0 && spec.type !== 'LoadBalancer') {
    errors.push(forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"))
  }
  for (const [index, range] of ranges.entries()) {
    checkName(errors, `spec.LoadBalancerSourceRanges[${index}]`, range, cidr)
  }
  if (spec.externalTrafficPolicy !== undefined && !isExternal(spec)) {
    const detail = 'may only be set for externally-accessible services'
    errors.push(invalid('spec.externalTrafficPolicy', spec.externalTrafficPolicy, detail))
  }
  if (spec.healthCheckNodePort && !needsHealthCheck(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, detail))
  }
  for (const field of ['loadBalancerClass', 'allocateLoadBalancerNodePorts'] as const) {
    if (spec[field] === undefined || spec.type === 'LoadBalancer') continue
    errors.push(forbidden(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'"))
  }
}
