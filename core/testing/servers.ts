/**
 * Several servers over one store, in one process and on one clock, of which each can be made to stand still as SIGSTOP
 * makes a process: its timers do not fire, and what it has asked of the store neither reaches it nor comes back.
 */
import type { VirtualClock } from '../kernel/clock-virtual.js'
import type { PluginEntry } from '../kernel/contract.js'
import type { Booted } from './boot.js'
import type { TestContext } from './harness.js'

export interface BootedServer extends Booted {
  /** It stands still from here on; so does one that was killed, for the others. Idempotent. */
  pause(): void
  /** It goes on where it stood. Idempotent. */
  resume(): void
}
export interface Servers {
  /** Moves time on for all. */
  readonly clock: VirtualClock
  /** A server with these plugins besides the control plane; stopped after the test. */
  boot(plugins: readonly PluginEntry[]): Promise<BootedServer>
}

export async function servers(t: Pick<TestContext, 'defer'>): Promise<Servers> {
  const { bootServers } = await import('./servers-plane.js')
  return bootServers(t)
}
