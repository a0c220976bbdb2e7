import { upFlags } from '../cluster/flags.js'
import { UpCommand } from '../cluster/up-command.js'

export default class Up extends UpCommand {
  static override description =
    'Starts a cluster in this process and stays until Ctrl-C. Containers go on running when it stops; `davit down` removes them.'
  static override examples = [
    '<%= config.bin %> up',
    '<%= config.bin %> up --runtime process --port 0',
    '<%= config.bin %> up --config cluster.yaml --detach',
  ]
  static override flags = upFlags

  async run(): Promise<void> {
    await this.up((await this.parse(Up)).flags)
  }
}
