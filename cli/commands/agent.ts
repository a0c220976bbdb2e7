import { hostname } from 'node:os'
import path from 'node:path'
import * as Flags from '@oclif/core/flags'
import { dataDirectoryOf, upFlags } from '../cluster/flags.js'
import { DavitCommand } from '../output/command.js'

export default class Agent extends DavitCommand {
  static override description =
    'Makes this machine a node of a cluster whose server runs elsewhere, and stays until Ctrl-C. Containers go on running when it stops; `davit down` removes them.'
  static override examples = [
    '<%= config.bin %> agent --server https://10.0.0.1:6443 --token ID.SECRET --ca-hash sha256:HASH',
    '<%= config.bin %> agent --server https://10.0.0.1:6443 --name edge-1 --runtime containerd',
  ]
  static override flags = {
    server: Flags.string({ description: 'URL of the API: https://HOST:PORT', required: true }),
    token: Flags.string({ description: 'what `davit token create` printed; only needed to join' }),
    'token-file': Flags.string({
      description: 'file that holds the token, so that no list of processes shows it',
      exclusive: ['token'],
    }),
    'ca-hash': Flags.string({ description: "hash of the public key of the cluster's CA: sha256:…" }),
    'ca-file': Flags.string({ description: "file of the cluster's CA, in place of its hash", exclusive: ['ca-hash'] }),
    'unsafe-skip-ca-verification': Flags.boolean({
      description: 'believe whatever CA the server shows; whoever is between can then take the node over',
      exclusive: ['ca-hash', 'ca-file'],
    }),
    name: Flags.string({ description: "name of the node; default the machine's" }),
    'node-ip': Flags.string({ description: "address by which others reach the node; default the machine's", multiple: true }),
    label: Flags.string({ description: 'label of the node, KEY=VALUE', multiple: true }),
    'data-dir': upFlags['data-dir'],
    config: upFlags.config,
    runtime: { ...upFlags.runtime, description: 'container runtime; auto takes Docker, else containerd, else processes' },
    proxy: upFlags.proxy,
    verbose: upFlags.verbose,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Agent)
    const [{ loadClusterConfig }, { runAgent }, { nodeNameOf }] = await Promise.all([
      import('../cluster/load-config.js'),
      import('../cluster/run-agent.js'),
      import('../cluster/compose.js'),
    ])
    const loaded = await loadClusterConfig(flags.config)
    await runAgent({
      loaded,
      dataDirectory: path.resolve(dataDirectoryOf(flags['data-dir'], loaded.config.dataDirectory)),
      name: flags.name ?? nodeNameOf(hostname()),
      flags,
      say: (line) => this.log(line),
    })
    process.exit(0)
  }
}
