/**
 * A control plane inside a test: the real kernel, store, watch caches, API pipeline and client, in this process and
 * without a socket, in a few milliseconds. It is imported at the first `boot`, so that other tests do not pay for it.
 */
import type { Client, Clients } from '../client/contract.js'
import type { VirtualClock } from '../kernel/clock-virtual.js'
import type { Clock, Kernel, PluginEntry } from '../kernel/contract.js'
import type { LogLine } from './services.js'

export interface BootOptions {
  /** What is tested, besides the control plane; one with the id of a part of it takes its place. */
  readonly plugins?: readonly PluginEntry[]
  /** `virtual` (default) stands still until `clock.advance` moves it. One that is given may be shared by several. */
  readonly clock?: 'virtual' | 'real' | VirtualClock
  /** Default `memory`. A directory stays after `stop` and may be booted again. An entry: a plugin with an engine of its own. */
  readonly store?: 'memory' | { readonly level: string } | PluginEntry
  /** Of random numbers and ids; the same one gives the same names. */
  readonly seed?: string | number
}

export interface Booted<C extends Clock = VirtualClock> {
  readonly kernel: Kernel
  readonly clients: Clients
  /** A member of `system:masters`. */
  readonly client: Client
  readonly clock: C
  /** Everything that was logged. */
  readonly lines: readonly LogLine[]
  /** Idempotent. A test that fails must call it too: use `t.defer(() => booted.stop())`. */
  stop(): Promise<void>
}

export function boot(options?: BootOptions & { readonly clock?: 'virtual' | VirtualClock }): Promise<Booted>
export function boot(options: BootOptions & { readonly clock: 'real' }): Promise<Booted<Clock>>
export async function boot(options: BootOptions = {}): Promise<Booted | Booted<Clock>> {
  const { bootPlane } = await import('./boot-plane.js')
  return bootPlane(options)
}
