/** What each plugin of a cluster is configured with: defaults, then the configuration file, then what flags say. */
import path from 'node:path'
import { builtins } from '../builtins.js'
import type { UpFlags } from './flags.js'
import type { Foreign } from './foreign.js'
import type { LoadedConfig } from './load-config.js'
import { type NodePlan, pickedBy, runsPods } from './nodes.js'
import type { PluginSetting } from './schema.js'

export interface Setting extends PluginSetting {
  readonly source: string
}
export interface Places {
  /** What the configuration calls the store's plugin. */
  readonly store: string
  readonly dataDirectory: string
  readonly kubeconfig: string
  readonly podCidr: string
}
type Configs = Readonly<Record<string, Readonly<Record<string, unknown>>>>
type Node = Readonly<Record<string, unknown>> & { readonly name?: unknown }

/** Each node takes a /24: room for 256 nodes, and for 32,768 where more than that are asked for. */
export function defaultPodCidr(nodes: number): string {
  return nodes <= 256 ? '10.244.0.0/16' : '10.128.0.0/9'
}

/** The entries of the configuration file, each with where it stands. */
export function fileSettings({ config, source }: LoadedConfig): Setting[] {
  return (config.plugins ?? []).map((setting, index) => ({ ...setting, source: `${source}: plugins[${index}]` }))
}

/** All settings of a cluster, those that are disabled too. */
export function layer(flags: UpFlags, loaded: LoadedConfig, places: Places, plans: readonly NodePlan[], foreign: Foreign) {
  const { source } = loaded
  const { store } = places
  const own = configsOf(flags, loaded, places, plans)
  const used = new Set([store, ...plans.flatMap(pickedBy)])
  // One that was picked by its path is there in place of a built-in of the same name.
  const given = new Set([...foreign.plugins.values()].map((plugin) => plugin.id))
  const present = Object.keys(builtins).filter((id) => builtins[id]?.always || (used.has(id) && !given.has(id)))
  const base = [...present, ...foreign.unlisted].map((id) => ({ id, source, ...(own[id] && { config: own[id] }) }))
  return force(merge(base, fileSettings(loaded)), own, forcedKeys(flags, store))
}

/** What a cluster has before anybody configures its plugins. */
function configsOf(flags: UpFlags, { config }: LoadedConfig, places: Places, plans: readonly NodePlan[]): Configs {
  const { store, dataDirectory, kubeconfig, podCidr } = places
  const { serviceCidr, domain } = config.network ?? {}
  // As every other client of Docker is told. An address that is no socket of this machine is refused by the runtime.
  const dockerSocket = process.env.DOCKER_HOST?.replace(/^unix:\/\//, '')
  return {
    [store]: { ...(store === 'store-level' && { path: path.join(dataDirectory, 'store') }), ...config.store?.config },
    ...(serviceCidr && { 'api-pipeline': { serviceCidr } }),
    'api-server': {
      address: flags.bind ?? (flags.everywhere ? '0.0.0.0' : '127.0.0.1'),
      ...(flags['advertise-address'] && { advertiseAddress: flags['advertise-address'] }),
      port: flags.port ?? 6443,
      dataDirectory,
      kubeconfig,
      ...(plans.some(runsPods) && { podCidr }),
      ...(serviceCidr && { serviceCidr }),
      ...(domain && { clusterDomain: domain }),
      ...(flags['token-auth-file'] && { tokenFile: path.resolve(flags['token-auth-file']) }),
    },
    'token-issuer': { dataDirectory, ...(domain && { issuer: `https://kubernetes.default.svc.${domain}` }) },
    'proxy-host': {
      clusterCidr: podCidr,
      nodes: plans.map(({ name, proxies, proxyChosen }) => ({
        name,
        proxy: proxies,
        required: proxyChosen && proxies.length > 0,
      })),
    },
    'node-agent': {
      dataDirectory,
      clusterCidr: podCidr,
      ...(domain && { clusterDomain: domain }),
      nodes: plans.map(({ name, runtimes, networks, networkChosen }) => ({
        name,
        runtime: runtimes,
        ...(networkChosen && { network: networks[0] ?? 'none' }),
      })),
    },
    'node-server': { nodes: plans.map(({ name }) => name) },
    'controller-node': { clusterCidr: podCidr },
    ...(dockerSocket && { 'cri-docker': { socketPath: dockerSocket } }),
  }
}

/** Keys that the configuration file cannot change, because a flag on the command line says otherwise. */
function forcedKeys(flags: UpFlags, store: string): Readonly<Record<string, readonly string[]>> {
  const place = flags['data-dir'] !== undefined
  const node = flags.nodes !== undefined || flags['no-node'] || flags.runtime !== undefined || flags.proxy !== undefined
  return {
    ...(store === 'store-level' && place && { [store]: ['path'] }),
    'api-server': [
      ...(place ? ['dataDirectory'] : []),
      ...(place || flags.kubeconfig !== undefined ? ['kubeconfig'] : []),
      ...(flags.bind === undefined ? [] : ['address']),
      ...(flags['advertise-address'] === undefined ? [] : ['advertiseAddress']),
      ...(flags.port === undefined ? [] : ['port']),
      ...(flags['token-auth-file'] === undefined ? [] : ['tokenFile']),
    ],
    'token-issuer': place ? ['dataDirectory'] : [],
    'node-server': ['nodes'],
    'proxy-host': node ? ['nodes'] : [],
    'node-agent': [...(place ? ['dataDirectory'] : []), 'nodes'],
  }
}

/** The user's entry for a plugin that is there anyway is laid over it, key by key. */
function merge(own: readonly Setting[], given: readonly Setting[]): Setting[] {
  const merged = new Map(own.map((setting) => [setting.id, setting]))
  for (const setting of given) {
    const key = setting.name ? `${setting.id}:${setting.name}` : setting.id
    const base = merged.get(key)
    const config = { ...base?.config, ...setting.config }
    merged.set(key, { ...base, ...setting, ...((base?.config || setting.config) && { config }) })
  }
  return [...merged.values()]
}

function force(settings: readonly Setting[], own: Configs, keys: Readonly<Record<string, readonly string[]>>): Setting[] {
  return settings.map((setting) => {
    const forced = (keys[setting.id] ?? []).filter((key) => own[setting.id]?.[key] !== undefined)
    if (forced.length === 0) return setting
    const config = { ...setting.config, ...Object.fromEntries(forced.map((key) => [key, forcedValue(setting, own, key)])) }
    return { ...setting, config }
  })
}

/** Of a node that both name, what the file says beside the runtime holds: its labels, its taints, its range of addresses. */
function forcedValue({ id, config }: Setting, own: Configs, key: string): unknown {
  const value = own[id]?.[key]
  if (id !== 'node-agent' || key !== 'nodes') return value
  const given = new Map(((config?.nodes as Node[] | undefined) ?? []).map((node) => [node.name, node]))
  return (value as Node[]).map((node) => ({ ...given.get(node.name), ...node }))
}
