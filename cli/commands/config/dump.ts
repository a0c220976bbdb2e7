import { Flags } from '@oclif/core'
import { upFlags } from '../../cluster/flags.js'
import { DavitCommand } from '../../kube/command.js'
import { structured } from '../../output/columns.js'

export default class ConfigDump extends DavitCommand {
  static override description =
    'Prints the configuration that `davit up` would run with: defaults, file and flags together, checked.'
  static override flags = {
    ...upFlags,
    output: Flags.option({
      char: 'o',
      description: 'form of the output',
      options: ['yaml', 'json'] as const,
      default: 'yaml' as const,
    })(),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigDump)
    const [{ compose }, { loadClusterConfig }, { decodeConfig }] = await Promise.all([
      import('../../cluster/compose.js'),
      import('../../cluster/load-config.js'),
      import('@davit/core/kernel/host'),
    ])
    const composition = await compose(flags, await loadClusterConfig(flags.config))
    const plugins = await Promise.all(
      composition.entries.map(async (entry) => ({
        id: entry.plugin.id,
        config: await decodeConfig(entry),
        ...(entry.optional && { optional: true }),
      })),
    )
    const nodes = composition.nodes.map(({ name, runtimes, proxies }) => ({ name, runtimes, proxies }))
    const config = { apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', dataDirectory: composition.dataDirectory, nodes, plugins }
    this.log(await structured(config, flags.output))
  }
}
