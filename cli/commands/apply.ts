import * as Flags from '@oclif/core/flags'
import { applyManifests } from '../kube/apply.js'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import { readManifests } from '../kube/manifests.js'

export default class Apply extends KubeCommand {
  static override description = 'Makes the cluster have the objects of files or folders: creates or changes them.'
  static override examples = ['<%= config.bin %> apply -f web.yaml', 'cat web.yaml | <%= config.bin %> apply -f -']
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    filename: Flags.string({ char: 'f', description: 'file, folder, or - for standard input', required: true, multiple: true }),
    'dry-run': Flags.boolean({ description: 'let the server check everything and change nothing' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Apply)
    const { connection, namespace } = await this.connect(flags)
    for await (const line of applyManifests(connection, await readManifests(flags.filename), {
      namespace,
      dryRun: flags['dry-run'],
    }))
      this.log(line)
  }
}
