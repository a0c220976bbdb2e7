/** From a configuration and flags to the plugin entries of a cluster. */
import { hostname } from 'node:os'
import path from 'node:path'
import type { AnyPlugin, PluginEntry } from '@davit/core/kernel'
import { builtins } from '../builtins.js'
import { type AgentPlan, agentSettings } from './agent-settings.js'
import { dataDirectoryOf, type UpFlags } from './flags.js'
import { isBuiltin, loadForeign } from './foreign.js'
import type { LoadedConfig } from './load-config.js'
import { type NodePlan, pickedBy, planNodes } from './nodes.js'
import { defaultPodCidr, fileSettings, layer, type Setting } from './settings.js'

export interface Composition {
  readonly entries: readonly PluginEntry[]
  /** What each entry comes from, those that are disabled too. */
  readonly settings: readonly Setting[]
  /** The id of the setting that is the store. */
  readonly store: string
  readonly nodes: readonly NodePlan[]
  /** Runtimes and proxy modes of the nodes, so that what they make can be removed without this configuration. */
  readonly drivers: readonly Driver[]
  readonly dataDirectory: string
  readonly podCidr: string
}
export interface Driver {
  /** A built-in's id, an absolute path, or a package's name. */
  readonly id: string
  /** Where a package is looked for. */
  readonly directory: string
  readonly config?: Readonly<Record<string, unknown>> | undefined
}

/** Loads exactly the plugins that this cluster has; with `agent`, those of one node whose API is elsewhere. */
export async function compose(flags: UpFlags, loaded: LoadedConfig, agent?: AgentPlan): Promise<Composition> {
  const { config, directory } = loaded
  const dataDirectory = path.resolve(dataDirectoryOf(flags['data-dir'], config.dataDirectory))
  const kubeconfig = path.resolve(flags.kubeconfig ?? path.join(dataDirectory, 'kubeconfig'))
  const name = agent?.name ?? nodeNameOf(hostname())
  const planned = planNodes(agent ? { ...flags, nodes: 1 } : flags, config, name, new Set(Object.keys(builtins)))
  const podCidr = config.network?.podCidr ?? defaultPodCidr(planned.length)
  const foreign = await loadForeign(wanted(planned, loaded), directory)
  const nodes = planned.map((node) => ({
    ...node,
    runtimes: node.runtimes.map(foreign.idOf),
    proxies: node.proxies.map(foreign.idOf),
    networks: node.networks.map(foreign.idOf),
  }))
  const store = foreign.calledOf(config.store?.id ?? 'store-level')
  const places = { store, dataDirectory, kubeconfig, podCidr }
  const settings = agent
    ? agentSettings(layer(flags, loaded, places, nodes, foreign), agent, places, nodes)
    : layer(flags, loaded, places, nodes, foreign)
  const present = settings.filter((setting) => setting.enabled !== false)
  const entries = await Promise.all(present.map((setting) => entryOf(setting, foreign.plugins)))
  const used = new Set(nodes.flatMap(pickedBy))
  const drivers = entries.flatMap(({ plugin }, index) => {
    const { id, config: given } = present[index] as Setting
    return used.has(plugin.id) ? [{ id: absolute(id, directory), directory, config: given }] : []
  })
  return { entries, settings, store, nodes, drivers, dataDirectory, podCidr }
}

/** Plugins that are not ours: `listed` by the file among its plugins, or only picked by a node or as the store. */
function wanted(nodes: readonly NodePlan[], loaded: LoadedConfig): { listed: Setting[]; picked: Setting[] } {
  const { config, source } = loaded
  const listed = fileSettings(loaded).filter((setting) => setting.enabled !== false && !isBuiltin(setting.id))
  const ids = new Set([...(config.store ? [config.store.id] : []), ...nodes.flatMap(pickedBy)])
  return { listed, picked: [...ids].filter((id) => !isBuiltin(id)).map((id) => ({ id, source })) }
}

async function entryOf(setting: Setting, foreign: ReadonlyMap<string, AnyPlugin>): Promise<PluginEntry> {
  const { id, source, name, config, version, optional } = setting
  const plugin = foreign.get(id) ?? (await builtins[id]?.load())
  if (!plugin) throw new Error(`the plugin "${id}" was not loaded`)
  return {
    plugin,
    source,
    ...(name !== undefined && { name }),
    ...(config && { config }),
    ...(version !== undefined && { configVersion: version }),
    ...(optional !== undefined && { optional }),
  }
}

/** As it can be said from anywhere. */
export function absolute(id: string, directory: string): string {
  return id.startsWith('.') ? path.resolve(directory, id) : id
}

/** A host name as the name of a node: lower case, only what a DNS name may have. */
export function nodeNameOf(host: string): string {
  const name = host
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return name || 'node'
}
