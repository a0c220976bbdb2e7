/** From the desired state to chains and rules. Pure: the same state gives the same rules, in the same order. */
import { createHash } from 'node:crypto'
import type { ProxyEndpoint, ProxyState, ServicePort } from '@davit/core/proxy'

export type Table = 'nat' | 'filter'
/** Chain → rules, without the chain's name. */
export type Chains = ReadonlyMap<string, readonly string[]>
export type RuleSet = Readonly<Record<Table, Chains>>

const chainPrefix = 'DAVIT-'

/** Every name that a chain of this plugin can have: runtimes and networks have chains under the same prefix. */
export const ownChain = /^DAVIT-(SERVICES|NODEPORTS|MASQUERADE|POSTROUTING|HAIRPIN|REJECT|FORWARD|SVC-[0-9A-F]{16}-[EI])$/

/** A chain of one service; the others are there always. */
export function isOfService(chain: string): boolean {
  return chain.startsWith(`${chainPrefix}SVC-`)
}

export interface Hook {
  readonly table: Table
  readonly chain: string
  readonly target: string
}
/** Where built-in chains must jump to ours, before what others put there. */
export const hooks: readonly Hook[] = [
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

/** What one service needs. Made once for each: the services of a state that did not change are the same objects. */
interface Rendered {
  readonly entries: readonly string[]
  readonly nodePorts: readonly string[]
  readonly rejections: readonly string[]
  readonly chains: readonly (readonly [string, readonly string[]])[]
}
export type Rendering = WeakMap<ServicePort, Rendered>

/** `rendering` keeps the rules of services between calls with the same options. */
export function rulesOf(state: ProxyState, options: RuleOptions, rendering: Rendering = new WeakMap()): RuleSet {
  const mark = `0x${(2 ** options.masqueradeBit).toString(16)}`
  const toNode = nodeDestinations(options.addresses)
  const services: string[] = []
  const nodePorts: string[] = []
  const rejects: string[] = []
  const here = new Set<string>()
  const nat = new Map<string, readonly string[]>()
  for (const service of state.services) {
    const rendered = rendering.get(service) ?? render(service, options, toNode)
    rendering.set(service, rendered)
    services.push(...rendered.entries)
    nodePorts.push(...rendered.nodePorts)
    rejects.push(...rendered.rejections)
    for (const [chain, rules] of rendered.chains) nat.set(chain, rules)
    for (const { address, local } of service.endpoints) if (local && isIpv4(address)) here.add(address)
  }
  if (nodePorts.length > 0) services.push(...toNode.map((destination) => `${destination} -j DAVIT-NODEPORTS`))
  nat.set('DAVIT-SERVICES', services)
  nat.set('DAVIT-NODEPORTS', nodePorts)
  nat.set('DAVIT-MASQUERADE', [`-j MARK --or-mark ${mark}`])
  // A Pod that reaches itself through its service must not see its own address as the sender.
  nat.set(
    'DAVIT-HAIRPIN',
    [...here].sort().map((address) => `-s ${address}/32 -d ${address}/32 -j MASQUERADE`),
  )
  nat.set('DAVIT-POSTROUTING', [
    '-j DAVIT-HAIRPIN',
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

function render(port: ServicePort, options: RuleOptions, toNode: readonly string[]): Rendered {
  const service = onlyIpv4(port)
  return {
    entries: entries(service, options),
    nodePorts: nodePortEntries(service),
    rejections: rejections(service, toNode),
    chains: chains(service, options),
  }
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
  const to = service.endpoints.length > 0 ? chainOf(service, 'I') : undefined
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
  return chainOf(service, externalLocal || internalLocal ? 'E' : 'I')
}

function chains(service: ServicePort, options: RuleOptions): Rendered['chains'] {
  const { endpoints, externalEndpoints } = service
  const found: [string, readonly string[]][] = []
  if (endpoints.length > 0) found.push([chainOf(service, 'I'), balance(service, endpoints)])
  const external = chainOf(service, 'E')
  if (externalTarget(service) === external)
    found.push([external, [...insiders(service, options), ...balance(service, externalEndpoints)]])
  return found
}

/** With the external policy Local: who is inside already may go to any endpoint, by whichever address he asks. */
function insiders(service: ServicePort, { clusterCidr, masqueradeAll }: RuleOptions): string[] {
  if (!service.externalLocal || service.endpoints.length === 0) return []
  const to = chainOf(service, 'I')
  return [
    ...(masqueradeAll ? [`-s ${clusterCidr} -j DAVIT-MASQUERADE`] : []),
    `-s ${clusterCidr} -j ${to}`,
    '-m addrtype --src-type LOCAL -j DAVIT-MASQUERADE',
    `-m addrtype --src-type LOCAL -j ${to}`,
  ]
}

/**
 * Each of n endpoints gets 1/n: the first is chosen with 1/n, else the second with 1/(n−1), … With affinity, clients that
 * were here before come first; each endpoint has a list of them in the kernel.
 */
function balance(service: ServicePort, endpoints: readonly ProxyEndpoint[]): string[] {
  const protocol = service.protocol.toLowerCase()
  const seconds = service.affinitySeconds
  const known: string[] = []
  const chosen: string[] = []
  endpoints.forEach((endpoint, index) => {
    const to = `-p ${protocol} -m ${protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`
    const left = endpoints.length - index
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `
    const list = seconds > 0 ? `-m recent --name ${listOf(service, endpoint)} ` : ''
    if (list) known.push(`${list}--update --seconds ${seconds} --reap ${to}`)
    chosen.push(`${chance}${list && `${list}--set `}${to}`)
  })
  return [...known, ...chosen]
}

/**
 * `I`: for traffic from inside, `E`: from outside, where that differs. A service's chains stand together in the order of
 * names, and what jumps stands before what it jumps to: see restore.ts.
 */
function chainOf(service: ServicePort, kind: 'I' | 'E'): string {
  return `${chainPrefix}SVC-${short(`${service.key}/${service.protocol}`)}-${kind}`
}

function listOf(service: ServicePort, endpoint: ProxyEndpoint): string {
  return `${chainPrefix}${short(`${service.key}/${service.protocol}/${endpoint.address}:${endpoint.port}`)}`
}

/** 16 characters that may stand in a chain's name, which has room for 28. */
function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16).toUpperCase()
}

function isIpv4(address: string): boolean {
  return !address.includes(':')
}
