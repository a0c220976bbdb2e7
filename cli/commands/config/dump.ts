import * as Flags from '@oclif/core/flags'
import { upFlags } from '../../cluster/flags.js'
import { structured } from '../../output/columns.js'
import { DavitCommand } from '../../output/command.js'

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
    const [{ compose }, { loadClusterConfig }, { dumpConfig }] = await Promise.all([
      import('../../cluster/compose.js'),
      import('../../cluster/load-config.js'),
      import('../../cluster/dump-config.js'),
    ])
    const loaded = await loadClusterConfig(flags.config)
    this.log(await structured(await dumpConfig(await compose(flags, loaded), loaded), flags.output))
  }
}
