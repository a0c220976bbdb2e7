import { upFlags } from '../cluster/flags.js'
import { UpCommand } from '../cluster/up-command.js'

const { nodes: _nodes, 'no-node': _noNode, runtime: _runtime, proxy: _proxy, ephemeral: _ephemeral, ...flags } = upFlags

export default class Server extends UpCommand {
  static override description =
    'Starts the control plane of a cluster in this process, for nodes on other machines, and stays until Ctrl-C. See `davit token create`.'
  static override examples = ['<%= config.bin %> server', '<%= config.bin %> server --advertise-address 10.0.0.1 --detach']
  static override flags = {
    ...flags,
    bind: { ...flags.bind, description: 'address to listen on; default 0.0.0.0' },
  }

  async run(): Promise<void> {
    const said = (await this.parse(Server)).flags
    await this.up({ ...said, 'no-node': true, ephemeral: false, everywhere: true })
  }
}
