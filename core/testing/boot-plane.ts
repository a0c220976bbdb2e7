/** The parts of a control plane, put together for `boot`. */
import { admissionPlugins, apiPipeline, tokenIssuer } from '../api/host.js'
import { ClientsToken } from '../client/contract.js'
import clientPlugin from '../client/plugin.js'
import { createClock } from '../kernel/clock.js'
import type { VirtualClock } from '../kernel/clock-virtual.js'
import { type Clock, definePlugin, type PluginEntry } from '../kernel/contract.js'
import { bootKernel } from '../kernel/host.js'
import { type Store, StoreToken } from '../store/contract.js'
import { storeLevel, storeMemory } from '../store/host.js'
import watchPlugin from '../watch/plugin.js'
import type { Booted, BootOptions } from './boot.js'
import { createTestServices } from './services.js'

export async function bootPlane(options: BootOptions): Promise<Booted | Booted<Clock>> {
  const services = createTestServices(options.seed)
  const clock = clockOf(options, services.clock)
  const kernel = await bootKernel(entriesOf(options), { ...services, clock })
  const clients = kernel.get(ClientsToken)
  const client = clients.as({ name: 'test', groups: ['system:masters'] })
  return { kernel, clients, client, clock, lines: services.lines, stop: () => kernel.stop() }
}

function clockOf({ clock = 'virtual' }: BootOptions, virtual: VirtualClock): Clock {
  if (clock === 'virtual') return virtual
  return clock === 'real' ? createClock() : clock
}

function entriesOf({ plugins = [], store = 'memory' }: BootOptions): PluginEntry[] {
  const parts = [watchPlugin, tokenIssuer, apiPipeline, ...admissionPlugins, clientPlugin].map(
    (plugin): PluginEntry => ({ plugin }),
  )
  const given = new Set(plugins.map(({ plugin }) => plugin.id))
  return [...[storeEntry(store), ...parts].filter(({ plugin }) => !given.has(plugin.id)), ...plugins]
}

function storeEntry(store: Exclude<BootOptions['store'], undefined>): PluginEntry {
  if (store === 'memory') return { plugin: storeMemory }
  if ('level' in store) return { plugin: storeLevel, config: { path: store.level } }
  return { plugin: alreadyOpen(store.shared) }
}

/** A store that somebody else opens and closes. */
function alreadyOpen(store: Store) {
  return definePlugin({
    id: 'store-memory',
    api: '^1.0',
    stage: 'store',
    provides: { store: StoreToken },
    setup: async () => ({ provides: { store } }),
  })
}
