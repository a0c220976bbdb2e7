import { authorityHash } from '@davit/core/client/host'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { createToken, parseToken, secretOf, timeText, tokenSecrets } from '../../join/bootstrap-token.js'
import { ensureJoining } from '../../join/joining-objects.js'
import { clearExpired, storedTokens } from '../../join/stored-tokens.js'
import { isForThisMachine, serverUrl } from '../../join/where.js'
import { KubeCommand, kubeconfigFlag } from '../../kube/command.js'
import { type Connection, statusError } from '../../kube/connection.js'
import { secondsOf } from '../../kube/seconds.js'
import { CliError } from '../../output/cli-error.js'
import { structured } from '../../output/columns.js'

export default class TokenCreate extends KubeCommand {
  static override description =
    'Makes a token with which machines become nodes, and prints the command to run there. Whoever has it can join until it ends.'
  static override examples = ['<%= config.bin %> token create', '<%= config.bin %> token create --ttl 30m --output json']
  static override args = { token: Args.string({ description: 'the token itself; default a random one' }) }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    ttl: Flags.string({ description: 'how long it is good; 0: until it is deleted', default: '24h' }),
    description: Flags.string({ description: 'for people: what it is for', default: '' }),
    server: Flags.string({ description: 'URL by which the machines reach the API; default what the cluster says of itself' }),
    output: Flags.string({ char: 'o', description: 'form of the output', options: ['json', 'yaml'] }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TokenCreate)
    const made = args.token === undefined ? createToken() : parseToken(args.token)
    const seconds = flags.ttl === '0' ? undefined : secondsOf(flags.ttl)
    const { connection } = await this.connect(flags)
    const { ca } = connection.target
    if (!ca) throw new CliError('the kubeconfig does not hold the CA of the cluster', { hint: 'take that of the server itself' })
    const server = await serverUrl(connection, flags.server)
    const stored = await storedTokens(connection)
    await Promise.all([ensureJoining(connection, server, ca.toString()), clearExpired(connection, stored)])
    const expires = seconds === undefined ? undefined : (stored.now ?? Date.now()) + seconds * 1000
    await store(connection, made.id, secretOf(made, expires, flags.description))
    const token = `${made.id}.${made.secret}`
    const caHash = authorityHash(ca)
    const command = `davit agent --server ${server} --token ${token} --ca-hash ${caHash}`
    if (flags.output === 'json' || flags.output === 'yaml') {
      const expiration = expires === undefined ? {} : { expires: timeText(expires) }
      this.log(await structured({ token, caHash, server, ...expiration, command }, flags.output))
    } else this.log(command)
    if (isForThisMachine(server)) {
      process.stderr.write(
        `warning: ${server} is for this machine alone. Start the server with --bind, or name its address with --server.\n`,
      )
    }
  }
}

async function store(connection: Connection, id: string, secret: object): Promise<void> {
  const { code, body } = await connection.raw('POST', tokenSecrets, { body: secret })
  if (code === 409) {
    throw new CliError(`there is a token ${id} already`, {
      hint: `remove it with \`davit token delete ${id}\`, or choose another`,
    })
  }
  if (code >= 300) throw statusError(code, body)
}
