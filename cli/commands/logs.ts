import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import { podOf } from '../kube/pod-of.js'
import { secondsOf } from '../kube/seconds.js'

export default class Logs extends KubeCommand {
  static override description = "Prints the log of a Pod's container."
  static override examples = ['<%= config.bin %> logs web-1 -f', '<%= config.bin %> logs deployment/web --tail 20']
  static override args = {
    pod: Args.string({ description: 'Pod, or TYPE/NAME of a workload', required: true }),
    container: Args.string({ description: 'container' }),
  }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    container: Flags.string({ char: 'c', description: 'container; default the only one' }),
    follow: Flags.boolean({ char: 'f', description: 'go on as lines come' }),
    previous: Flags.boolean({ char: 'p', description: 'of the container before the last restart' }),
    timestamps: Flags.boolean({ description: 'each line with its time' }),
    tail: Flags.integer({ description: 'only the last so many lines', min: 0 }),
    since: Flags.string({ description: 'only newer than this: 30s, 5m, 2h' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs)
    const since = flags.since === undefined ? undefined : secondsOf(flags.since)
    const { connection, namespace } = await this.connect(flags)
    const pod = await podOf(connection, namespace, args.pod)
    const query = new URLSearchParams()
    const container = flags.container ?? args.container
    if (container) query.set('container', container)
    for (const name of ['follow', 'previous', 'timestamps'] as const) if (flags[name]) query.set(name, 'true')
    if (flags.tail !== undefined) query.set('tailLines', String(flags.tail))
    if (since !== undefined) query.set('sinceSeconds', String(since))
    for await (const chunk of connection.stream(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`)) {
      if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve))
    }
  }
}
