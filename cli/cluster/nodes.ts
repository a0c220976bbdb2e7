import type { ClusterConfig } from './schema.js'

/** What a node of this process uses, by preference: the first usable one of each list. */
export interface NodePlan {
  readonly name: string
  readonly runtimes: readonly string[]
  readonly proxies: readonly string[]
  /** Named by the user rather than left to choose: not usable is then an error. */
  readonly runtimeChosen: boolean
  readonly proxyChosen: boolean
}
export interface NodeFlags {
  readonly runtime?: string | undefined
  readonly proxy?: string | undefined
  readonly nodes: number
  readonly 'no-node': boolean
}

const automaticRuntimes = ['cri-docker', 'cri-containerd', 'cri-process']
const automaticProxies = ['proxy-iptables']

/** Flags win over the rules of the configuration; of those the first that matches a node's name decides. */
export function planNodes(flags: NodeFlags, config: ClusterConfig, machine: string, builtins: ReadonlySet<string>): NodePlan[] {
  if (flags['no-node']) return []
  const names = flags.nodes === 1 ? [machine] : Array.from({ length: flags.nodes }, (_, index) => `${machine}-${index + 1}`)
  return names.map((name) => {
    const rule = config.nodes?.find((candidate) => matches(candidate.match?.name ?? '*', name))
    const runtime = flags.runtime ? prefixed('cri', flags.runtime) : (rule?.runtime?.id ?? 'auto')
    const proxy = flags.proxy ? prefixed('proxy', flags.proxy) : (rule?.proxy?.id ?? (runtime === 'cri-hollow' ? 'none' : 'auto'))
    return {
      name,
      runtimes: runtime === 'auto' ? automaticRuntimes.filter((id) => builtins.has(id)) : [runtime],
      proxies: proxy === 'auto' ? automaticProxies : proxy === 'none' ? [] : [proxy],
      runtimeChosen: runtime !== 'auto',
      proxyChosen: proxy !== 'auto',
    }
  })
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
