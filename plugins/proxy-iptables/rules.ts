/** From the desired state to chains and rules. Pure: the same state gives the same rules, in the same order. */
import { createHash } from 'node:crypto'
import type { ProxyEndpoint, ProxyState, ServicePort } from '@davit/core/proxy'

export type Table = 'nat' | 'filter'
/** Chain → rules, without the chain's name. */
export type Chains = ReadonlyMap<string, readonly string[]>
export type RuleSet = Readonly<Record<Table, Chains>>

const chainPrefix = 'DAVIT-'

/** Every name that a chain of this plugin can have: runtimes and networks have chains under the same prefix. */
export const ownChain = /^DAVIT-(SERVICES|NODEPORTS|MASQUERADE|POSTROUTING|REJECT|FORWARD|(SVC|XLB|SEP)-[0-9A-F]{16})$/

/** Where built-in chains must jump to ours. `first`: before what others put there. */
export const hooks: readonly { readonly table: Table; readonly chain: string; readonly target: string }[] = [
  { table: 'nat', chain: 'PREROUTING', target: 'DAVIT-SERVICES' },
  { table: 'nat', chain: 'OUTPUT', target: 'DAVIT-SERVICES' },
  { table: 'nat', chain: 'POSTROUTING', target: 'DAVIT-POSTROUTING' },
  { table: 'filter', chain: 'INPUT', target: 'DAVIT-REJECT' },
  { table: 'filter', chain: 'OUTPUT', target: 'DAVIT-REJECT' },
  { table: 'filter', chain: 'FORWARD', target: 'DAVIT-FORWARD' },
]

export interface RuleOptions {
  readonly clusterCidr: string
  /** Where node ports answer. Empty: at every address of the machine but its loopback ones. */
  readonly addresses: readonly string[]
  readonly masqueradeAll: boolean
  readonly masqueradeBit: number
}

export function rulesOf(state: ProxyState, options: RuleOptions): RuleSet {
  const mark = `0x${(2 ** options.masqueradeBit).toString(16)}`
  const toNode = nodeDestinations(options.addresses)
  const services: string[] = []
  const nodePorts: string[] = []
  const rejects: string[] = []
  const nat = new Map<string, readonly string[]>()
  for (const port of state.services) {
    const service = onlyIpv4(port)
    services.push(...entries(service, options))
    nodePorts.push(...nodePortEntries(service))
    rejects.push(...rejections(service, toNode))
    addChains(nat, service, options)
  }
  if (nodePorts.length > 0) services.push(...toNode.map((destination) => `${destination} -j DAVIT-NODEPORTS`))
  nat.set('DAVIT-SERVICES', services)
  nat.set('DAVIT-NODEPORTS', nodePorts)
  nat.set('DAVIT-MASQUERADE', [`-j MARK --or-mark ${mark}`])
  nat.set('DAVIT-POSTROUTING', [
    `-m mark ! --mark ${mark}/${mark} -j RETURN`,
    // Taken off again, so that the packet is not masqueraded once more on its way through a tunnel.
    `-j MARK --xor-mark ${mark}`,
    '-j MASQUERADE',
  ])
  // Packets of connections that stand need not pass all of them.
  if (rejects.length > 0) rejects.unshift('-m conntrack ! --ctstate NEW -j RETURN')
  const forward = [
    '-j DAVIT-REJECT',
    `-m mark --mark ${mark}/${mark} -j ACCEPT`,
    `-s ${options.clusterCidr} -j ACCEPT`,
    `-d ${options.clusterCidr} -j ACCEPT`,
  ]
  return { nat, filter: new Map([['DAVIT-REJECT', rejects] as const, ['DAVIT-FORWARD', forward] as const]) }
}

/** Loopback stays with what listens there: an answer could not find its way back through another address. */
function nodeDestinations(addresses: readonly string[]): readonly string[] {
  if (addresses.length === 0) return ['! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL']
  return addresses.filter(isIpv4).map((address) => `-d ${address}/32`)
}

/** One address of the other family would fail the whole restore. */
function onlyIpv4(service: ServicePort): ServicePort {
  const { clusterIps, externalIps, loadBalancerIps, endpoints, externalEndpoints } = service
  const addresses = [...clusterIps, ...externalIps, ...loadBalancerIps]
  const all = [...endpoints, ...externalEndpoints].map(({ address }) => address)
  if ([...addresses, ...all].every(isIpv4)) return service
  return {
    ...service,
    clusterIps: clusterIps.filter(isIpv4),
    externalIps: externalIps.filter(isIpv4),
    loadBalancerIps: loadBalancerIps.filter(isIpv4),
    endpoints: endpoints.filter(({ address }) => isIpv4(address)),
    externalEndpoints: externalEndpoints.filter(({ address }) => isIpv4(address)),
  }
}

/** "-p tcp -m tcp --dport 80" for a service; `key` becomes a comment that tells a reader whose rule it is. */
function match(service: ServicePort, port: number): string {
  const protocol = service.protocol.toLowerCase()
  return `-p ${protocol} -m ${protocol} --dport ${port} -m comment --comment "${service.key}"`
}

function entries(service: ServicePort, options: RuleOptions): string[] {
  const rules: string[] = []
  const to = service.endpoints.length > 0 ? chainOf('SVC', service) : undefined
  if (to) {
    const outside = options.masqueradeAll ? '' : `! -s ${options.clusterCidr} `
    for (const ip of service.clusterIps) {
      rules.push(
        `-d ${ip}/32 ${outside}${match(service, service.port)} -j DAVIT-MASQUERADE`,
        `-d ${ip}/32 ${match(service, service.port)} -j ${to}`,
      )
    }
  }
  const external = externalTarget(service)
  if (external) {
    for (const ip of [...service.externalIps, ...service.loadBalancerIps]) {
      if (!service.externalLocal) rules.push(`-d ${ip}/32 ${match(service, service.port)} -j DAVIT-MASQUERADE`)
      rules.push(`-d ${ip}/32 ${match(service, service.port)} -j ${external}`)
    }
  }
  return rules
}

function nodePortEntries(service: ServicePort): string[] {
  const to = externalTarget(service)
  if (service.nodePort === 0 || !to) return []
  const rules = [`${match(service, service.nodePort)} -j ${to}`]
  if (!service.externalLocal) rules.unshift(`${match(service, service.nodePort)} -j DAVIT-MASQUERADE`)
  return rules
}

/** Refused at once rather than left to time out. What was sent to an endpoint has another destination by now. */
function rejections(service: ServicePort, toNode: readonly string[]): string[] {
  const rules: string[] = []
  const refuse = '-j REJECT --reject-with icmp-port-unreachable'
  if (service.endpoints.length === 0) {
    for (const ip of service.clusterIps) rules.push(`-d ${ip}/32 ${match(service, service.port)} ${refuse}`)
  }
  if (service.externalEndpoints.length === 0) {
    for (const ip of [...service.externalIps, ...service.loadBalancerIps])
      rules.push(`-d ${ip}/32 ${match(service, service.port)} ${refuse}`)
    if (service.nodePort > 0)
      rules.push(...toNode.map((destination) => `${destination} ${match(service, service.nodePort)} ${refuse}`))
  }
  return rules
}

/** The chain for traffic from outside; undefined where there is nothing to send it to. */
function externalTarget(service: ServicePort): string | undefined {
  const { endpoints, externalEndpoints, externalLocal, internalLocal, nodePort, externalIps, loadBalancerIps } = service
  if (nodePort === 0 && externalIps.length + loadBalancerIps.length === 0) return undefined
  if (externalEndpoints.length === 0 && !(externalLocal && endpoints.length > 0)) return undefined
  return externalLocal || internalLocal ? chainOf('XLB', service) : chainOf('SVC', service)
}

function addChains(nat: Map<string, readonly string[]>, service: ServicePort, options: RuleOptions): void {
  const { endpoints, externalEndpoints } = service
  if (endpoints.length > 0) nat.set(chainOf('SVC', service), balance(service, endpoints))
  const external = externalTarget(service)
  const own = external === chainOf('XLB', service)
  if (external && own) nat.set(external, [...insiders(service, options), ...balance(service, externalEndpoints)])
  for (const endpoint of own ? [...endpoints, ...externalEndpoints] : endpoints)
    nat.set(endpointChain(service, endpoint), endpointRules(service, endpoint))
}

/** With the external policy Local: who is inside already may go to any endpoint, by whichever address he asks. */
function insiders(service: ServicePort, { clusterCidr, masqueradeAll }: RuleOptions): string[] {
  if (!service.externalLocal || service.endpoints.length === 0) return []
  const to = chainOf('SVC', service)
  return [
    ...(masqueradeAll ? [`-s ${clusterCidr} -j DAVIT-MASQUERADE`] : []),
    `-s ${clusterCidr} -j ${to}`,
    '-m addrtype --src-type LOCAL -j DAVIT-MASQUERADE',
    `-m addrtype --src-type LOCAL -j ${to}`,
  ]
}

/** Each of n endpoints gets 1/n: the first is chosen with 1/n, else the second with 1/(n−1), … */
function balance(service: ServicePort, endpoints: readonly ProxyEndpoint[]): string[] {
  const known =
    service.affinitySeconds > 0
      ? endpoints.map((endpoint) => {
          const chain = endpointChain(service, endpoint)
          return `-m recent --name ${chain} --rcheck --seconds ${service.affinitySeconds} --reap -j ${chain}`
        })
      : []
  const chosen = endpoints.map((endpoint, index) => {
    const left = endpoints.length - index
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `
    return `${chance}-j ${endpointChain(service, endpoint)}`
  })
  return [...known, ...chosen]
}

function endpointRules(service: ServicePort, endpoint: ProxyEndpoint): string[] {
  const chain = endpointChain(service, endpoint)
  const protocol = service.protocol.toLowerCase()
  const remember = service.affinitySeconds > 0 ? `-m recent --name ${chain} --set ` : ''
  return [
    // A Pod that reaches itself through its service must not see its own address as the sender.
    `-s ${endpoint.address}/32 -j DAVIT-MASQUERADE`,
    `${remember}-p ${protocol} -m ${protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`,
  ]
}

function chainOf(kind: 'SVC' | 'XLB', service: ServicePort): string {
  return `${chainPrefix}${kind}-${short(`${service.key}/${service.protocol}`)}`
}

function endpointChain(service: ServicePort, endpoint: ProxyEndpoint): string {
  return `${chainPrefix}SEP-${short(`${service.key}/${service.protocol}/${endpoint.address}:${endpoint.port}`)}`
}

const shortened = new Map<string, string>()

/** 16 characters that may stand in a chain's name, which has room for 28. */
function short(text: string): string {
  let value = shortened.get(text)
  if (value === undefined) {
    value = createHash('sha256').update(text).digest('hex').slice(0, 16).toUpperCase()
    if (shortened.size > 200_000) shortened.clear()
    shortened.set(text, value)
  }
  return value
}

function isIpv4(address: string): boolean {
  return !address.includes(':')
}
