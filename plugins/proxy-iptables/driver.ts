import { access, readFile, writeFile } from 'node:fs/promises'
import type { Logger } from '@davit/core/kernel'
import type { ProxyDriver, ProxyMode, ProxyNode, ProxyState } from '@davit/core/proxy'
import { CommandError, command } from './command.js'
import { chainsIn, restoreInput } from './restore.js'
import { hooks, ownChain, type Rendering, type RuleSet, rulesOf } from './rules.js'
import { staleFlows } from './stale.js'

export interface IptablesOptions {
  readonly masqueradeAll: boolean
  readonly masqueradeBit: number
  readonly lockSeconds: number
  readonly log: Logger
}
type Present = Readonly<Record<'nat' | 'filter', ReadonlyMap<string, readonly string[] | undefined>>>

export function iptablesDriver(options: IptablesOptions): ProxyDriver {
  return {
    id: 'proxy-iptables',
    async probe() {
      if (process.getuid?.() !== 0) return { usable: false, reason: 'iptables needs root' }
      try {
        await command('iptables', ['-w', String(options.lockSeconds), '-t', 'nat', '-S', 'OUTPUT'])
        return { usable: true }
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
        return { usable: false, reason: missing ? 'the program iptables is not installed' : (error as Error).message }
      }
    },
    async open(node) {
      await forwardPackets()
      const masqueradeAll = options.masqueradeAll || !(await bridgedPacketsPass())
      return new IptablesMode({ ...options, masqueradeAll }, node)
    },
  }
}

/** Pods are reached through this machine: it must route. */
async function forwardPackets(): Promise<void> {
  const setting = '/proc/sys/net/ipv4/ip_forward'
  if ((await readFile(setting, 'utf8')).trim() !== '1') await writeFile(setting, '1')
}

/**
 * Two Pods on one bridge answer each other past iptables unless the kernel passes bridged packets to it; then the
 * answer would come from an address that was never asked.
 */
async function bridgedPacketsPass(): Promise<boolean> {
  const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables'
  try {
    await access(setting)
  } catch {
    return false
  }
  return (await readFile(setting, 'utf8')).trim() === '1'
}

class IptablesMode implements ProxyMode {
  readonly #options: IptablesOptions
  readonly #node: ProxyNode
  #present: Present | undefined
  readonly #rendering: Rendering = new WeakMap()
  #hooked = false
  #synced: ProxyState | undefined

  constructor(options: IptablesOptions, node: ProxyNode) {
    this.#options = options
    this.#node = node
  }

  async sync(state: ProxyState): Promise<void> {
    const { masqueradeAll, masqueradeBit } = this.#options
    const { clusterCidr, addresses } = this.#node
    const wanted = rulesOf(state, { clusterCidr, addresses, masqueradeAll, masqueradeBit }, this.#rendering)
    await this.#apply(this.#present ?? (await this.#leftovers()), wanted)
    if (!this.#hooked) for (const hook of hooks) await this.#hook(hook.table, hook.chain, hook.target)
    this.#hooked = true
    const before = this.#synced
    this.#synced = state
    if (before) for (const flow of staleFlows(before, state)) await this.#forget(flow)
  }

  async cleanup(): Promise<void> {
    for (const { table, chain, target } of hooks) await this.#unhook(table, chain, target)
    await this.#apply(await this.#leftovers(), { nat: new Map(), filter: new Map() })
    this.#letGo()
  }

  async close(): Promise<void> {
    this.#letGo()
  }

  #letGo(): void {
    this.#present = undefined
    this.#hooked = false
    this.#synced = undefined
  }

  async #forget(flow: readonly string[]): Promise<void> {
    try {
      await command('conntrack', flow)
    } catch (error) {
      // It fails when there was no such flow, which is as well.
      if (!(error instanceof CommandError))
        this.#options.log.warn({ error }, 'conntrack is missing: UDP clients may keep to endpoints that are gone')
    }
  }

  async #apply(present: Present, wanted: RuleSet): Promise<void> {
    const input = restoreInput(present, wanted)
    // Until it is known to have worked, what the kernel has is not known.
    this.#present = undefined
    if (input !== '') await command('iptables-restore', ['-w', String(this.#options.lockSeconds), '--noflush'], input)
    this.#present = wanted
  }

  /** Our chains that are there already, of a former life. */
  async #leftovers(): Promise<Present> {
    const saved = await command('iptables-save', [])
    const unknown = (table: 'nat' | 'filter') =>
      new Map(chainsIn(saved, table, ownChain).map((chain) => [chain, undefined] as const))
    return { nat: unknown('nat'), filter: unknown('filter') }
  }

  async #hook(table: string, chain: string, target: string): Promise<void> {
    if (await this.#has(table, chain, target)) return
    await this.#iptables(table, '-I', chain, '1', '-j', target)
  }

  async #unhook(table: string, chain: string, target: string): Promise<void> {
    while (await this.#has(table, chain, target)) await this.#iptables(table, '-D', chain, '-j', target)
  }

  async #has(table: string, chain: string, target: string): Promise<boolean> {
    const rules = await this.#iptables(table, '-S', chain)
    return rules.split('\n').includes(`-A ${chain} -j ${target}`)
  }

  #iptables(table: string, ...args: string[]): Promise<string> {
    return command('iptables', ['-w', String(this.#options.lockSeconds), '-t', table, ...args])
  }
}
