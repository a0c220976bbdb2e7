/** The rules of iptables, as `iptables-restore --noflush` reads them, from what `iptables-save` shows of the present. Pure. */
import type { PortMapping } from '@davit/core/node'
import { anyPorts, type Names, parseTag, tagOf } from './names.js'

const local = '-m addrtype --dst-type LOCAL'

/** Where our chains are entered from. */
function jumpsOf({ masquerade, ports, forward }: Names) {
  return {
    nat: [`POSTROUTING -j ${masquerade}`, `PREROUTING ${local} -j ${ports}`, `OUTPUT ${local} -j ${ports}`],
    filter: [`FORWARD -j ${forward}`],
  }
}

export interface RuleFacts {
  readonly names: Names
  readonly podCidr: string
  readonly clusterCidr: string
  readonly masquerade: boolean
}

/** What a node's Pods need of the machine's rules; "" where all is there. Host ports stay as they are. */
export function baseRules(saved: string, { names, podCidr, clusterCidr, masquerade }: RuleFacts): string {
  const { bridge } = names
  const jumps = jumpsOf(names)
  const nat = [
    ...(masquerade ? [`-A ${names.masquerade} -s ${podCidr} ! -d ${clusterCidr} -j MASQUERADE`] : []),
    `-A ${names.masquerade} -s 127.0.0.0/8 -o ${bridge} -j MASQUERADE`,
  ]
  const filter = [`-A ${names.forward} -i ${bridge} -j ACCEPT`, `-A ${names.forward} -o ${bridge} -j ACCEPT`]
  const lines = saved.split('\n')
  const chains = [...(lines.some((line) => line.startsWith(`:${names.ports} `)) ? [] : [`:${names.ports} - [0:0]`])]
  const missing = (jump: string): string[] => (lines.includes(`-A ${jump}`) ? [] : [`-A ${jump}`])
  return [
    '*nat',
    `:${names.masquerade} - [0:0]`,
    ...chains,
    ...nat,
    ...hairpinsOf(lines, names),
    ...jumps.nat.flatMap(missing),
    'COMMIT',
    '*filter',
    `:${names.forward} - [0:0]`,
    ...filter,
    ...jumps.filter.flatMap(missing),
    'COMMIT',
    '',
  ].join('\n')
}

/** Those of host ports stand in the chain that is made anew. */
function hairpinsOf(lines: readonly string[], { masquerade }: Names): readonly string[] {
  return lines.filter((line) => line.startsWith(`-A ${masquerade} `) && tagsOf(line) !== undefined)
}

/** Takes away all that belongs to the range. */
export function removalRules(saved: string, names: Names): string {
  const tables = { nat: [names.masquerade, names.ports], filter: [names.forward] } as const
  const jumps = jumpsOf(names)
  const present = new Set(saved.split('\n').flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []))
  const lines = (['nat', 'filter'] as const).flatMap((table) => {
    const chains = tables[table].filter((chain) => present.has(chain))
    if (chains.length === 0) return []
    const entries = saved.split('\n').filter((line) => jumps[table].some((jump) => line === `-A ${jump}`))
    return [
      `*${table}`,
      ...entries.map((line) => line.replace('-A ', '-D ')),
      ...chains.map((chain) => `-F ${chain}`),
      ...chains.map((chain) => `-X ${chain}`),
      'COMMIT',
    ]
  })
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

export interface PortOwner {
  readonly owner: string
  readonly id: string
}

/** Leads the host's ports to the Pod; and what the Pod sends to itself that way must not seem to come from itself. */
export function portRules(names: Names, { owner, id }: PortOwner, address: string, mappings: readonly PortMapping[]): string {
  const comment = `-m comment --comment "${tagOf(owner, id)}"`
  const rules = mappings.map(({ protocol, hostPort, hostIp, containerPort }) => {
    const kind = protocol.toLowerCase()
    const destination = isAny(hostIp) ? '' : `-d ${hostIp}/32 `
    const target = `-j DNAT --to-destination ${address}:${containerPort}`
    return `-A ${names.ports} ${destination}-p ${kind} -m ${kind} --dport ${hostPort} ${comment} ${target}`
  })
  const hairpin = `-A ${names.masquerade} -s ${address}/32 -d ${address}/32 ${comment} -j MASQUERADE`
  return `${['*nat', ...rules, hairpin, 'COMMIT'].join('\n')}\n`
}

/** Who has host ports in this node's chain. */
export function portOwners(saved: string, names: Names): readonly PortOwner[] {
  return saved
    .split('\n')
    .filter((line) => line.startsWith(`-A ${names.ports} `))
    .flatMap((line) => tagsOf(line) ?? [])
}

/** "" where there are none. */
export function portRemoval(saved: string, names: Names, gone: (owner: PortOwner) => boolean): string {
  const own = saved.split('\n').filter((line) => {
    if (!line.startsWith(`-A ${names.ports} `) && !line.startsWith(`-A ${names.masquerade} `)) return false
    const tag = tagsOf(line)
    return tag !== undefined && gone(tag)
  })
  return own.length === 0 ? '' : `${['*nat', ...own.map((line) => line.replace('-A ', '-D ')), 'COMMIT'].join('\n')}\n`
}

/** The first of the ports that leads to another sandbox of this machine, of any node; undefined: all are free. */
export function takenPort(saved: string, { owner, id }: PortOwner, mappings: readonly PortMapping[]): PortMapping | undefined {
  const rules = saved.split('\n').filter((line) => line.startsWith(`-A ${anyPorts}`))
  return mappings.find((mapping) =>
    rules.some((rule) => {
      const tag = tagsOf(rule)
      if (tag?.owner === owner && tag.id === id) return false
      const port = /--dport (\d+)/.exec(rule)?.[1]
      const protocol = / -p (\S+)/.exec(rule)?.[1]
      if (port !== `${mapping.hostPort}` || protocol !== mapping.protocol.toLowerCase()) return false
      const at = / -d ([0-9.]+)/.exec(rule)?.[1]
      return at === undefined || isAny(mapping.hostIp) || at === mapping.hostIp
    }),
  )
}

function isAny(hostIp: string): boolean {
  return hostIp === '' || hostIp === '0.0.0.0' || hostIp === '::'
}

function tagsOf(line: string): PortOwner | undefined {
  return parseTag(/--comment "?([^" ]+)"?/.exec(line)?.[1] ?? '')
}
