/** From a configuration and flags to the plugin entries of a cluster. */
import { hostname } from 'node:os'
import path from 'node:path'
import type { AnyPlugin, PluginEntry } from '@davit/core/kernel'
import { loadPlugin } from '@davit/core/kernel/host'
import { builtins } from '../builtins.js'
import { CliError } from '../output/cli-error.js'
import { dataDirectoryOf, type UpFlags } from './flags.js'
import type { LoadedConfig } from './load-config.js'
import { type NodePlan, planNodes } from './nodes.js'
import { hostRooms } from './rooms.js'
import type { PluginSetting } from './schema.js'

export interface Composition {
  readonly entries: readonly PluginEntry[]
  readonly nodes: readonly NodePlan[]
  readonly dataDirectory: string
  readonly kubeconfig: string
  readonly podCidr: string
}
interface Setting extends PluginSetting {
  readonly source: string
}

/** Loads exactly the plugins that this cluster has. */
export async function compose(flags: UpFlags, loaded: LoadedConfig): Promise<Composition> {
  const { config } = loaded
  const dataDirectory = path.resolve(dataDirectoryOf(flags['data-dir'], config.dataDirectory))
  const kubeconfig = path.resolve(flags.kubeconfig ?? path.join(dataDirectory, 'kubeconfig'))
  const podCidr = config.network?.podCidr ?? '10.244.0.0/16'
  const nodes = planNodes(flags, config, nodeNameOf(hostname()), new Set(Object.keys(builtins)))
  const own = ownSettings(flags, loaded, { dataDirectory, kubeconfig, podCidr, nodes })
  const settings = merge(
    own,
    (config.plugins ?? []).map((setting, index) => ({ ...setting, source: `${loaded.source}: plugins[${index}]` })),
  )
  const present = settings.filter((setting) => setting.enabled !== false)
  const rooms = present.some((setting) => !builtins[setting.id]) ? await hostRooms() : new Map<string, unknown>()
  const entries = await Promise.all(present.map((setting) => entryOf(setting, loaded.directory, rooms)))
  return { entries, nodes, dataDirectory, kubeconfig, podCidr }
}

interface Places {
  readonly dataDirectory: string
  readonly kubeconfig: string
  readonly podCidr: string
  readonly nodes: readonly NodePlan[]
}

/** What a cluster has before anybody configures it; flags and file stand in the configuration of the plugins they mean. */
function ownSettings(
  flags: UpFlags,
  { config, source }: LoadedConfig,
  { dataDirectory, kubeconfig, podCidr, nodes }: Places,
): Setting[] {
  const network = config.network ?? {}
  const store = config.store?.id ?? 'store-level'
  const configs: Record<string, Record<string, unknown>> = {
    [store]: { ...(store === 'store-level' && { path: path.join(dataDirectory, 'store') }), ...config.store?.config },
    'api-pipeline': { ...(network.serviceCidr && { serviceCidr: network.serviceCidr }) },
    'api-server': {
      address: flags.bind,
      port: flags.port,
      dataDirectory,
      kubeconfig,
      ...(flags['token-auth-file'] && { tokenFile: path.resolve(flags['token-auth-file']) }),
    },
    'proxy-host': {
      clusterCidr: podCidr,
      nodes: nodes.map(({ name, proxies, proxyChosen }) => ({
        name,
        proxy: proxies,
        required: proxyChosen && proxies.length > 0,
      })),
    },
    'node-agent': {
      dataDirectory,
      clusterCidr: podCidr,
      ...(network.domain && { clusterDomain: network.domain }),
      nodes: nodes.map(({ name, runtimes }) => ({ name, runtime: runtimes })),
    },
    'controller-node': { clusterCidr: podCidr },
  }
  const used = new Set([store, ...nodes.flatMap((node) => [...node.runtimes, ...node.proxies])])
  const ids = Object.keys(builtins).filter((id) => builtins[id]?.always || used.has(id))
  const foreign = [...used].filter((id) => !builtins[id])
  return [...ids, ...foreign].map((id) => ({ id, source, ...(configs[id] && { config: configs[id] }) }))
}

/** The user's entry for a plugin that is there anyway is laid over it, key by key. */
function merge(own: readonly Setting[], given: readonly Setting[]): Setting[] {
  const merged = new Map(own.map((setting) => [setting.id, setting]))
  for (const setting of given) {
    const key = setting.name ? `${setting.id}:${setting.name}` : setting.id
    const base = merged.get(key)
    merged.set(key, base ? { ...base, ...setting, config: { ...base.config, ...setting.config } } : setting)
  }
  return [...merged.values()]
}

async function entryOf(setting: Setting, directory: string, rooms: ReadonlyMap<string, unknown>): Promise<PluginEntry> {
  return {
    plugin: await pluginOf(setting, directory, rooms),
    source: setting.source,
    ...(setting.config && { config: setting.config }),
    ...(setting.version !== undefined && { configVersion: setting.version }),
    ...(setting.optional !== undefined && { optional: setting.optional }),
  }
}

async function pluginOf({ id, source }: Setting, directory: string, rooms: ReadonlyMap<string, unknown>): Promise<AnyPlugin> {
  const builtin = builtins[id]
  if (builtin) return builtin.load()
  const isPath = id.startsWith('.') || path.isAbsolute(id)
  if (!isPath && !/^(@[\w.-]+\/)?[\w.-]+$/.test(id))
    throw new CliError(`${source}: "${id}" is neither a built-in, nor a path, nor a package`)
  return loadPlugin(isPath ? path.resolve(directory, id) : id, { directory, rooms })
}

/** A host name as the name of a node: lower case, only what a DNS name may have. */
function nodeNameOf(host: string): string {
  const name = host
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return name || 'node'
}
