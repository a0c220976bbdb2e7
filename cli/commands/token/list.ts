import * as Flags from '@oclif/core/flags'
import { isExpired, type TokenSecret, textOf, tokenSecrets, tokenSecretType } from '../../join/bootstrap-token.js'
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
    const path = `${tokenSecrets}?fieldSelector=type%3D${tokenSecretType}`
    const { items } = await connection.json<{ items: TokenSecret[] }>('GET', path)
    const tokens = items.map((secret) => ({
      id: textOf(secret, 'token-id'),
      expires: textOf(secret, 'expiration'),
      expired: isExpired(secret, Date.now()),
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
