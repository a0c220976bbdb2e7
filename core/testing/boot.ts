/**
 * A control plane inside a test: the real kernel, store, watch caches, API pipeline and client, in this process and
 * without a socket, in a few milliseconds.
 */
import { admissionPlugins, apiPipeline } from '../api/host.js'
import { type Client, type Clients, ClientsToken } from '../client/contract.js'
import clientPlugin from '../client/plugin.js'
import { createClock } from '../kernel/clock.js'
import type { VirtualClock } from '../kernel/clock-virtual.js'
import type { Clock, Kernel, PluginEntry } from '../kernel/contract.js'
import { bootKernel } from '../kernel/host.js'
import { storeLevel, storeMemory } from '../store/host.js'
import watchPlugin from '../watch/plugin.js'
import { createTestServices, type LogLine } from './services.js'

export interface BootOptions {
  /** What is tested, besides the control plane; one with the id of a part of it takes its place. */
  readonly plugins?: readonly PluginEntry[]
  /** `virtual` (default) stands still until `clock.advance` moves it. */
  readonly clock?: 'virtual' | 'real'
  /** Default `memory`. A directory stays after `stop` and may be booted again. */
  readonly store?: 'memory' | { readonly level: string }
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

export function boot(options?: BootOptions & { readonly clock?: 'virtual' }): Promise<Booted>
export function boot(options: BootOptions & { readonly clock: 'real' }): Promise<Booted<Clock>>
export async function boot(options: BootOptions = {}): Promise<Booted | Booted<Clock>> {
  const services = createTestServices(options.seed)
  const clock = options.clock === 'real' ? createClock() : services.clock
  const kernel = await bootKernel(entriesOf(options), { ...services, clock })
  const clients = kernel.get(ClientsToken)
  const client = clients.as({ name: 'test', groups: ['system:masters'] })
  return { kernel, clients, client, clock, lines: services.lines, stop: () => kernel.stop() }
}

function entriesOf({ plugins = [], store = 'memory' }: BootOptions): PluginEntry[] {
  const storeEntry: PluginEntry =
    store === 'memory' ? { plugin: storeMemory } : { plugin: storeLevel, config: { path: store.level } }
  const parts = [watchPlugin, apiPipeline, ...admissionPlugins, clientPlugin].map((plugin): PluginEntry => ({ plugin }))
  const given = new Set(plugins.map(({ plugin }) => plugin.id))
  return [...[storeEntry, ...parts].filter(({ plugin }) => !given.has(plugin.id)), ...plugins]
}
