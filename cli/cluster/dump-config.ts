import { decodeBySchema, decodeConfig } from '@davit/core/kernel/host'
import { absolute, type Composition } from './compose.js'
import type { LoadedConfig } from './load-config.js'
import { type ClusterConfig, clusterSchema, type PluginSetting } from './schema.js'

/** A configuration file that makes the same cluster: everything that was said or left to defaults, written out. */
export async function dumpConfig(composition: Composition, { config, directory }: LoadedConfig): Promise<ClusterConfig> {
  const { settings, entries, nodes, dataDirectory, podCidr } = composition
  const waiting = [...entries]
  let store: NonNullable<ClusterConfig['store']> | undefined
  const plugins: PluginSetting[] = []
  for (const { source: _source, ...setting } of settings) {
    const entry = setting.enabled === false ? undefined : waiting.shift()
    const decoded = entry && (await decodeConfig(entry))
    const given = { id: absolute(setting.id, directory), ...(decoded && Object.keys(decoded).length > 0 && { config: decoded }) }
    // What was migrated is written as it is now.
    const { version: _version, config: _config, id: _id, ...rest } = setting
    if (setting.id === composition.store) store = given
    else plugins.push({ ...given, ...rest })
  }
  const written: ClusterConfig = {
    apiVersion: config.apiVersion,
    kind: config.kind,
    dataDirectory,
    network: { ...config.network, podCidr },
    ...(store && { store }),
    plugins,
    nodes: nodes.map(({ name, runtimes, proxies, proxyChosen, networks, networkChosen }) => ({
      match: { name },
      runtime: { id: (runtimes.length === 1 && runtimes[0]) || 'auto' },
      network: { id: networkChosen ? (networks[0] ?? 'none') : 'auto' },
      proxy: { id: proxyChosen ? (proxies[0] ?? 'none') : 'auto' },
    })),
  }
  return (await decodeBySchema('the dump', clusterSchema, written)) as ClusterConfig
}
