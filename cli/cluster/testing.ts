/** A cluster from a configuration file, composed and run as `davit up` does it, but in the process of a test. */
import path from 'node:path'
import type { Kernel } from '@davit/core/kernel'
import { createClock } from '@davit/core/kernel/host'
import { createTestServices, type LogLine, type TestContext } from '@davit/core/testing'
import { Connection } from '../kube/connection.js'
import { readTarget, type Target } from '../kube/kubeconfig.js'
import { compose } from './compose.js'
import type { UpFlags } from './flags.js'
import { emptyConfig, type LoadedConfig, loadClusterConfig } from './load-config.js'
import { purge } from './purge.js'
import { followRanges, runCluster } from './run.js'
import type { ClusterConfig, PluginSetting } from './schema.js'

export interface TestCluster {
  readonly kernel: Kernel
  /** As the administrator. */
  readonly connection: Connection
  readonly directory: string
  /** Everything that was logged. */
  readonly lines: readonly LogLine[]
  /** A connection with other credentials. */
  connect(credentials: { readonly token: string }): Connection
}
export interface TestClusterOptions {
  /** Of a cluster that was stopped, to be started again; default: a new one. */
  readonly directory?: string
  /** A configuration file; default: none. */
  readonly file?: string
  readonly flags?: Partial<UpFlags>
  /** Entries beside those of the file. */
  readonly plugins?: readonly PluginSetting[]
  /** Hollow nodes by name; default: the file's. */
  readonly nodes?: readonly string[]
  /** Of each hollow node; default: the machine's. */
  readonly capacity?: Readonly<Record<string, string>>
}

export const noFlags: UpFlags = { 'no-node': false, detach: false, ephemeral: false, verbose: false }

export function configured(config: Partial<ClusterConfig>, directory = process.cwd()): LoadedConfig {
  return { config: { ...emptyConfig, ...config }, source: 'cluster.yaml', directory }
}

/** On a free port, in a directory that goes with the test. */
export async function startCluster(t: TestContext, options: TestClusterOptions = {}): Promise<TestCluster> {
  const directory = options.directory ?? (await t.directory())
  const loaded = await loadClusterConfig(options.file)
  const { capacity = {} } = options
  const nodes = options.nodes?.map((name, index) => {
    return { name, runtime: 'cri-hollow', podCidr: `10.244.${index}.0/24`, capacity }
  })
  const hollow = nodes ? [{ id: 'node-agent', config: { nodes } }] : []
  const plugins = [...(loaded.config.plugins ?? []), ...hollow, ...(options.plugins ?? [])]
  const flags = { ...noFlags, port: 0, 'data-dir': directory, ...options.flags }
  const composition = await compose(flags, { ...loaded, config: { ...loaded.config, plugins } })
  const services = { ...createTestServices(), clock: createClock() }
  const cluster = await runCluster(composition, services)
  t.defer(async () => {
    await cluster.stop()
    const made = { ...composition, nodes: composition.nodes.map((node) => ({ ...node, ...ranges.get(node.name) })) }
    for await (const _line of purge(directory, made));
  })
  const ranges = new Map<string, { podCidr: string }>()
  followRanges(cluster.kernel, (node, podCidr) => ranges.set(node, { podCidr }))
  const target = await readTarget(path.join(directory, 'kubeconfig'))
  const open = (as: Target) => {
    const connection = new Connection(as)
    t.defer(() => connection.close())
    return connection
  }
  return {
    kernel: cluster.kernel,
    connection: open(target),
    directory,
    lines: services.lines,
    connect({ token }) {
      const { cert: _cert, key: _key, ...rest } = target
      return open({ ...rest, token })
    },
  }
}
