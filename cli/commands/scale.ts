import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import { discover, resolveNames, resourcePath, typeAndNames } from '../kube/resources.js'
import { CliError } from '../output/cli-error.js'

export default class Scale extends KubeCommand {
  static override description = 'Sets the number of replicas.'
  static override strict = false
  static override examples = ['<%= config.bin %> scale deployment/web --replicas 5']
  static override args = {
    type: Args.string({ description: 'TYPE/NAME or TYPE NAME', required: true }),
    name: Args.string({ description: 'name' }),
  }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    replicas: Flags.integer({ description: 'how many', required: true, min: 0 }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Scale)
    const { connection, namespace } = await this.connect(flags)
    const resources = await discover(connection)
    for (const { type, names } of typeAndNames(argv as string[])) {
      if (names.length === 0)
        throw new CliError(`say which ${type}`, { hint: `for example \`davit scale ${type}/NAME --replicas ${flags.replicas}\`` })
      for (const resource of resolveNames(resources, type)) {
        if (!resource.scalable)
          throw new CliError(`${resource.name} have no number of replicas to set`, {
            hint: 'for example deployments, replicasets and statefulsets have one',
          })
        for (const name of names) {
          const options = { body: { spec: { replicas: flags.replicas } }, contentType: 'application/merge-patch+json' }
          await connection.json('PATCH', `${resourcePath(resource, namespace, name)}/scale`, options)
          this.log(`${resource.singularName}/${name} scaled`)
        }
      }
    }
  }
}
