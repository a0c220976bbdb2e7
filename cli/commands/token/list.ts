import * as Flags from '@oclif/core/flags'
import { isExpired, textOf } from '../../join/bootstrap-token.js'
import { storedTokens } from '../../join/stored-tokens.js'
import { KubeCommand, kubeconfigFlag } from '../../kube/command.js'
import { columns, structured } from '../../output/columns.js'

export default class TokenList extends KubeCommand {
  static override description = 'Shows the tokens with which machines become nodes, without their secrets.'
  static override flags = {
    kubeconfig: kubeconfigFlag,
    output: Flags.string({ char: 'o', description: 'form of the output', options: ['json', 'yaml'] }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(TokenList)
    const { connection } = await this.connect(flags)
    const { secrets, now = Date.now() } = await storedTokens(connection)
    const tokens = secrets.map((secret) => ({
      id: textOf(secret, 'token-id'),
      expires: textOf(secret, 'expiration'),
      expired: isExpired(secret, now),
      description: textOf(secret, 'description'),
      groups: textOf(secret, 'auth-extra-groups').split(',').filter(Boolean),
    }))
    if (flags.output === 'json' || flags.output === 'yaml') {
      this.log(await structured(tokens, flags.output))
      return
    }
    const rows = tokens.map(({ id, expires, expired, description, groups }) => [
      id,
      expires === '' ? 'never' : `${expires}${expired ? ' (over)' : ''}`,
      groups.join(',') || '-',
      description || '-',
    ])
    this.log(columns(['ID', 'EXPIRES', 'GROUPS', 'DESCRIPTION'], rows))
  }
}
