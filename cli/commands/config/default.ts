import { describeConfig } from '../../cluster/describe-config.js'
import { DavitCommand } from '../../output/command.js'

export default class ConfigDefault extends DavitCommand {
  static override description =
    'Prints a cluster configuration with every built-in plugin, its keys, defaults and what they mean.'

  async run(): Promise<void> {
    await this.parse(ConfigDefault)
    this.log(await describeConfig())
  }
}
