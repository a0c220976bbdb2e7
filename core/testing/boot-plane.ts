/** The parts of a control plane, put together for `boot`. */
import { admissionPlugins, apiPipeline, tokenIssuer } from '../api/host.js'
import { ClientsToken } from '../client/contract.js'
import clientPlugin from '../client/plugin.js'
import { createClock } from '../kernel/clock.js'
import type { VirtualClock } from '../kernel/clock-virtual.js'
import type { Clock, PluginEntry } from '../kernel/contract.js'
import { bootKernel } from '../kernel/host.js'
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
  const storeEntry = storeEntryOf(store)
  const parts = [watchPlugin, tokenIssuer, apiPipeline, ...admissionPlugins, clientPlugin].map(
    (plugin): PluginEntry => ({ plugin }),
  )
  const given = new Set(plugins.map(({ plugin }) => plugin.id))
  return [...[storeEntry, ...parts].filter(({ plugin }) => !given.has(plugin.id)), ...plugins]
}

function storeEntryOf(store: NonNullable<BootOptions['store']>): PluginEntry {
  if (store === 'memory') return { plugin: storeMemory }
  return 'plugin' in store ? store : { plugin: storeLevel, config: { path: store.level } }
}
