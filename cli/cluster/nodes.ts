import path from 'node:path'
import type { ClusterConfig } from './schema.js'

/** What a node of this process uses, by preference: the first usable one of each list. */
export interface NodePlan {
  readonly name: string
  readonly runtimes: readonly string[]
  readonly proxies: readonly string[]
  /** Empty: the runtime connects Pods. */
  readonly networks: readonly string[]
  readonly networkChosen: boolean
  /** Named by the user rather than left to choose: not usable is then an error. */
  readonly proxyChosen: boolean
  /** Where its files are, if not below the data directory. */
  readonly directory?: string
}
/** The ids of all plugins that it may use. */
export function pickedBy({ runtimes, proxies, networks }: NodePlan): readonly string[] {
  return [...runtimes, ...proxies, ...networks]
}
/** Real ones: simulated Pods speak to nobody. */
export function runsPods({ runtimes }: NodePlan): boolean {
  return runtimes.some((id) => id !== 'cri-hollow')
}
export interface NodeFlags {
  readonly runtime?: string | undefined
  readonly proxy?: string | undefined
  readonly nodes?: number | undefined
  readonly 'no-node': boolean
}

const automaticRuntimes = ['cri-docker', 'cri-containerd', 'cri-process']
const automaticProxies = ['proxy-iptables']
const automaticNetworks = ['network-bridge']

/**
 * Which nodes there are: what flags say, else those that the file gives to the plugin `node-agent`, else this machine.
 * What each uses: flags, else its own entry there, else the first of the file's rules that matches its name.
 */
export function planNodes(flags: NodeFlags, config: ClusterConfig, machine: string, builtins: ReadonlySet<string>): NodePlan[] {
  const configured = agentNodes(config)
  return nodeNames(flags, configured, machine).map((name) => {
    const rule = config.nodes?.find((candidate) => matches(candidate.match?.name ?? '*', name))
    const own = configured?.find((node) => node.name === name)
    const wanted = flags.runtime ? [prefixed('cri', flags.runtime)] : (own?.runtimes ?? [rule?.runtime?.id ?? 'auto'])
    const ruled = rule?.proxy?.id ?? 'auto'
    // Simulated Pods serve nobody, so the kernel is left alone unless a proxy is named.
    const proxy = flags.proxy ? prefixed('proxy', flags.proxy) : ruled === 'auto' && wanted[0] === 'cri-hollow' ? 'none' : ruled
    const runtimes = wanted[0] === 'auto' ? automaticRuntimes.filter((id) => builtins.has(id)) : wanted
    const network = rule?.network?.id ?? 'auto'
    return {
      name,
      runtimes,
      networks: network === 'auto' ? automaticNetworksOf(runtimes) : network === 'none' ? [] : [network],
      networkChosen: network !== 'auto',
      proxies: proxy === 'auto' ? automaticProxies : proxy === 'none' ? [] : [proxy],
      proxyChosen: proxy !== 'auto',
      ...(own?.directory !== undefined && { directory: own.directory }),
    }
  })
}

function automaticNetworksOf(runtimes: readonly string[]): readonly string[] {
  return runtimes.some((id) => id !== 'cri-hollow') ? automaticNetworks : []
}

interface AgentNode {
  readonly name: string
  readonly runtimes?: readonly string[]
  readonly directory?: string
}

/** The file's nodes of the plugin `node-agent`, as far as they can be read; its schema says what is wrong with the rest. */
function agentNodes(config: ClusterConfig): AgentNode[] | undefined {
  const nodes = config.plugins?.find((plugin) => plugin.id === 'node-agent')?.config?.nodes
  if (!Array.isArray(nodes)) return undefined
  return nodes.flatMap((node: { name?: unknown; runtime?: unknown; directory?: unknown } | null) => {
    if (typeof node?.name !== 'string') return []
    const runtimes = [node.runtime ?? []].flat().filter((id) => typeof id === 'string')
    const directory = typeof node.directory === 'string' ? path.resolve(node.directory) : undefined
    return [{ name: node.name, ...(runtimes.length > 0 && { runtimes }), ...(directory !== undefined && { directory }) }]
  })
}

function nodeNames(flags: NodeFlags, configured: readonly AgentNode[] | undefined, machine: string): string[] {
  if (flags['no-node']) return []
  if (flags.nodes === undefined && configured) return configured.map((node) => node.name)
  // The first keeps its name however many there are, and with it its Pods.
  return Array.from({ length: flags.nodes ?? 1 }, (_, index) => (index === 0 ? machine : `${machine}-${index + 1}`))
}

function prefixed(kind: string, word: string): string {
  return word === 'auto' || word === 'none' ? word : `${kind}-${word}`
}

/** `*` any text, `?` one character. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}
