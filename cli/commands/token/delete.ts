import * as Args from '@oclif/core/args'
import { secretName, tokenId, tokenSecrets } from '../../join/bootstrap-token.js'
import { KubeCommand, kubeconfigFlag } from '../../kube/command.js'
import { statusError } from '../../kube/connection.js'
import { CliError } from '../../output/cli-error.js'

export default class TokenDelete extends KubeCommand {
  static override description = 'Takes tokens back: nobody can join with them any more. Nodes that did stay.'
  static override strict = false
  static override args = { id: Args.string({ description: 'ids, or whole tokens', required: true }) }
  static override flags = { kubeconfig: kubeconfigFlag }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(TokenDelete)
    const { connection } = await this.connect(flags)
    for (const id of (argv as string[]).map(tokenId)) {
      const { code, body } = await connection.raw('DELETE', `${tokenSecrets}/${secretName(id)}`)
      if (code === 404) throw new CliError(`there is no token ${id}`, { hint: 'see `davit token list`' })
      if (code >= 300) throw statusError(code, body)
      this.log(`token ${id} deleted`)
    }
  }
}
