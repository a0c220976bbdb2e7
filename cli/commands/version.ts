import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag } from '../kube/command.js'
import { structured } from '../output/columns.js'

export default class Version extends KubeCommand {
  static override description = 'Shows the version of this command, and of the server where one answers.'
  static override flags = {
    kubeconfig: kubeconfigFlag,
    output: Flags.string({ char: 'o', description: 'form of the output', options: ['json', 'yaml'] }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Version)
    const client = this.config.version
    let server: string | undefined
    let problem = ''
    try {
      const { connection } = await this.connect(flags)
      server = (await connection.json<{ gitVersion: string }>('GET', '/version')).gitVersion
    } catch (error) {
      problem = (error as Error).message
    }
    if (flags.output === 'json' || flags.output === 'yaml')
      this.log(await structured({ client, ...(server ? { server } : { serverError: problem }) }, flags.output))
    else this.log(`Client: ${client}\nServer: ${server ?? `none (${problem})`}`)
  }
}
