import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import { execute } from '../kube/exec.js'
import { podOf } from '../kube/pod-of.js'
import { CliError } from '../output/cli-error.js'

export default class Exec extends KubeCommand {
  static override description = "Runs a command in a Pod's container; everything after -- is the command."
  static override strict = false
  static override examples = ['<%= config.bin %> exec web-1 -- ls /', '<%= config.bin %> exec -it deployment/web -- sh']
  static override args = { pod: Args.string({ description: 'Pod, or TYPE/NAME of a workload', required: true }) }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    container: Flags.string({ char: 'c', description: 'container; default the first' }),
    stdin: Flags.boolean({ char: 'i', default: false, description: 'send standard input' }),
    tty: Flags.boolean({ char: 't', default: false, description: 'the command gets a terminal' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Exec)
    const [target, ...command] = argv as string[]
    if (!target || command.length === 0)
      throw new CliError('say the Pod and, after --, the command', { hint: 'for example `davit exec web-1 -- ls /`' })
    const { connection, namespace } = await this.connect(flags)
    const pod = await podOf(connection, namespace, target)
    const code = await execute(connection, {
      namespace,
      pod,
      container: flags.container,
      command,
      stdin: flags.stdin,
      tty: flags.tty,
    })
    if (code !== 0) this.exit(code)
  }
}
