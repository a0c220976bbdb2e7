import { access, readFile, writeFile } from 'node:fs/promises'
import type { Clock, Logger, Timer } from '@davit/core/kernel'
import type { ProxyDriver, ProxyMode, ProxyNode, ProxyState } from '@davit/core/proxy'
import { type Claim, ClaimedError, claim, ownerOf } from './claim.js'
import { CommandError, command } from './command.js'
import { type Found, foundIn, restoreInput } from './restore.js'
import { hooks, type Rendering, type RuleSet, rulesOf } from './rules.js'
import { staleFlows } from './stale.js'

export interface IptablesOptions {
  readonly masqueradeAll: boolean
  readonly masqueradeBit: number
  readonly lockSeconds: number
  readonly checkSeconds: number
  readonly log: Logger
  readonly clock: Clock
}

export function iptablesDriver(options: IptablesOptions): ProxyDriver {
  return {
    id: 'proxy-iptables',
    async probe() {
      if (process.getuid?.() !== 0) return { usable: false, reason: 'iptables needs root' }
      try {
        await command('iptables', ['-w', String(options.lockSeconds), '-t', 'nat', '-S', 'OUTPUT'])
        const owner = await ownerOf()
        return owner === undefined ? { usable: true } : { usable: false, reason: new ClaimedError(owner).message }
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
        return { usable: false, reason: missing ? 'the program iptables is not installed' : (error as Error).message }
      }
    },
    async open(node) {
      const claimed = await claim()
      try {
        await forwardPackets()
        const masqueradeAll = options.masqueradeAll || !(await bridgedPacketsPass())
        return new IptablesMode({ ...options, masqueradeAll }, node, claimed)
      } catch (error) {
        await claimed.release()
        throw error
      }
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
  readonly #rendering: Rendering = new WeakMap()
  #claim: Claim | undefined
  /** What the kernel has; undefined where it is not known, with the jumps to it. */
  #present: RuleSet | undefined
  #synced: ProxyState | undefined
  #timer: Timer | undefined
  /** The last of what was asked for: checks come by themselves, and one thing at a time programs the kernel. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: IptablesOptions, node: ProxyNode, claimed: Claim) {
    this.#options = options
    this.#node = node
    this.#claim = claimed
  }

  sync(state: ProxyState): Promise<void> {
    return this.#alone(async () => {
      this.#claim ??= await claim()
      this.#checkLater()
      const { masqueradeAll, masqueradeBit } = this.#options
      const { clusterCidr, addresses } = this.#node
      const wanted = rulesOf(state, { clusterCidr, addresses, masqueradeAll, masqueradeBit }, this.#rendering)
      await this.#write(this.#present ? { present: this.#present, missing: [] } : await this.#found(), wanted)
      const before = this.#synced
      this.#synced = state
      if (before) for (const flow of staleFlows(before, state)) await this.#forget(flow)
    })
  }

  cleanup(): Promise<void> {
    return this.#alone(async () => {
      this.#claim ??= await claim()
      for (const { table, chain, target } of hooks) await this.#unhook(table, chain, target)
      await this.#write({ ...(await this.#found()), missing: [] }, { nat: new Map(), filter: new Map() })
      await this.#letGo()
    })
  }

  close(): Promise<void> {
    return this.#alone(() => this.#letGo())
  }

  async #letGo(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#present = undefined
    this.#synced = undefined
    await this.#claim?.release()
    this.#claim = undefined
  }

  #alone<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return result
  }

  #checkLater(): void {
    const { clock, checkSeconds } = this.#options
    this.#timer ??= clock.setTimer(checkSeconds * 1000, () => void this.#alone(() => this.#check()), { unref: true })
  }

  /** A firewall that is loaded anew, or somebody's `iptables -F`, takes our rules too. */
  async #check(): Promise<void> {
    // Closed while it waited for its turn.
    if (!this.#timer) return
    this.#timer = undefined
    this.#checkLater()
    const wanted = this.#present
    // The last sync failed, and is tried again.
    if (!wanted) return
    const { log } = this.#options
    try {
      const found = await this.#found(wanted)
      const input = restoreInput(found.present, wanted)
      if (input === '' && found.missing.length === 0) return
      const jumps = found.missing.map(({ table, chain, target }) => `${table}: ${chain} to ${target}`)
      log.warn(
        { jumps, chains: input !== '' },
        'somebody removed or changed rules of Services on this machine; they are put back',
      )
      await this.#write(found, wanted)
    } catch (error) {
      log.warn({ error: String(error) }, 'the rules of Services could not be looked after; tried again')
    }
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

  async #write({ present, missing }: Found, wanted: RuleSet): Promise<void> {
    const input = restoreInput(present, wanted)
    // Until it is known to have worked, what the kernel has is not known.
    this.#present = undefined
    if (input !== '') await command('iptables-restore', ['-w', String(this.#options.lockSeconds), '--noflush'], input)
    for (const { table, chain, target } of missing) await this.#iptables(table, '-I', chain, '1', '-j', target)
    this.#present = wanted
  }

  /** Without `known`: of a former life, whose rules are not known. */
  async #found(known?: RuleSet): Promise<Found> {
    return foundIn(await command('iptables-save', []), known)
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
