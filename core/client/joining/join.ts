/** Makes a machine a node of a cluster elsewhere: afterwards its credentials lie in its directory, and the server takes them. */
import { join as joinPath } from 'node:path'
import { type Clock, DavitError, type Logger, type Random } from '../../kernel/contract.js'
import type { Node } from '../../kinds/contract.js'
import { ApiError, isNotFound } from '../api-error.js'
import { type Client, nodeIdentity } from '../contract.js'
import { createHttpsClients, type HttpsClients } from '../https.js'
import { nodes } from '../resources.js'
import { type AuthorityPin, authoritiesIn, authorityHash, findAuthority } from './authority.js'
import { commonNameOf } from './certificate-keeper.js'
import {
  type Credential,
  credentialFiles,
  readCredential,
  readIfThere,
  writeCredential,
  writePrivate,
} from './credential-file.js'
import { clientCertificate } from './node-certificates.js'
import { requestCertificate } from './request-certificate.js'

export interface JoinOptions {
  /** "https://10.0.0.1:6443" */
  readonly server: string
  readonly nodeName: string
  /** Of its keys and certificates. */
  readonly directory: string
  /** Not needed by who has joined before. */
  readonly token?: string
  readonly pin: AuthorityPin
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

const longestRetryMs = 30_000
/** By which kubelets of Kubernetes give up on a request, too. */
const decisionMs = 900_000

/** Waits for a server that cannot be reached, for ever. Rejects with `DAVIT_JOIN_…` for what waiting does not heal. */
export async function join(options: JoinOptions): Promise<void> {
  const ca = await authorityOf(options)
  const known = await readCredential(joinPath(options.directory, credentialFiles.client))
  if (known) checkOwner(known, options)
  const good = known !== undefined && Date.parse(known.parsed.validTo) > options.clock.now()
  const credential = good ? known : await bootstrap(options, ca)
  await withClients(options, { ca, certificate: credential.certificate, key: credential.key }, (client) => enter(client, options))
}

/** The one that was believed once stays; one that is named now must be the same. */
async function authorityOf(options: JoinOptions): Promise<string> {
  const file = joinPath(options.directory, credentialFiles.authority)
  const stored = await readIfThere(file)
  if (stored === undefined) {
    const found = await patiently(options, () => findAuthority(options.server, options.pin))
    await writePrivate(file, found)
    return found
  }
  const { hash, certificate } = options.pin
  const hashes = hash === undefined ? undefined : [hash.toLowerCase()]
  const named = certificate === undefined ? hashes : hashesIn(certificate, 'the file of the CA')
  const foreign = hashesIn(stored, file).find((one) => named && !named.includes(one))
  if (foreign === undefined) return stored
  throw new DavitError('DAVIT_JOIN_CA', `this machine is a node of a cluster with another CA: ${file} has the hash ${foreign}`)
}

const hashesIn = (text: string, what: string): readonly string[] => authoritiesIn(text, what).map(authorityHash)

function checkOwner({ parsed }: Credential, { nodeName, directory }: JoinOptions): void {
  const owner = commonNameOf(parsed)
  if (owner === nodeIdentity(nodeName).name) return
  throw new DavitError('DAVIT_JOIN_NAME', `the credentials in ${directory} are those of ${owner}, and not of node ${nodeName}`)
}

/** By the token: a certificate of the node. */
async function bootstrap(options: JoinOptions, ca: string): Promise<Credential> {
  const { token, nodeName, directory, clock, signal } = options
  if (token === undefined)
    throw new DavitError('DAVIT_JOIN_TOKEN', `node ${nodeName} has no certificate that is good, and no token to get one with`)
  await withClients(options, { ca, token }, async (client) => {
    await refuseTaken(client, nodeName)
    const either = AbortSignal.any([signal, timeLimit(clock, signal)])
    const pair = await requestCertificate(client, clientCertificate(nodeName), clock, either)
    await writeCredential(joinPath(directory, credentialFiles.client), pair)
  })
  const made = await readCredential(joinPath(directory, credentialFiles.client))
  if (made) return made
  throw new DavitError('DAVIT_JOIN_REFUSED', 'the certificate that the cluster gave cannot be read')
}

function timeLimit(clock: Clock, signal: AbortSignal): AbortSignal {
  const limit = new AbortController()
  const why = new DavitError('DAVIT_JOIN_REFUSED', 'nobody has approved the certificate request of this node')
  clock.sleep(decisionMs, signal).then(
    () => limit.abort(why),
    () => undefined,
  )
  return limit.signal
}

/** Two agents of one name would each undo what the other does. */
async function refuseTaken(client: Client, name: string): Promise<void> {
  let node: Node
  try {
    node = await client.get(nodes, '', name)
  } catch (error) {
    // Whoever may not look must be let in all the same, as in Kubernetes.
    if (isNotFound(error) || (error instanceof ApiError && error.code === 403)) return
    throw error
  }
  const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  if (isReady) throw new DavitError('DAVIT_JOIN_NAME', `there is a node ${name} already, and it is ready`)
}

/** The server takes the certificate. */
async function enter(client: Client, { nodeName }: JoinOptions): Promise<void> {
  try {
    await client.get(nodes, '', nodeName)
  } catch (error) {
    if (isNotFound(error)) return
    if (error instanceof ApiError && error.code === 403) throw refusal(error)
    throw error
  }
}

function refusal(error: ApiError): DavitError {
  return new DavitError('DAVIT_JOIN_REFUSED', `the server does not let this node in: ${error.message}`, { cause: error })
}

interface Credentials {
  readonly ca: string
  readonly token?: string
  readonly certificate?: string
  readonly key?: string
}

async function withClients(
  options: JoinOptions,
  credentials: Credentials,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const { server, clock, random, log, nodeName } = options
  const connection = { server, namespace: 'default', ...credentials }
  const clients: HttpsClients = createHttpsClients({ connection, clock, random, log })
  try {
    await patiently(options, () => work(clients.as({ ...nodeIdentity(nodeName), manager: 'davit-agent' })))
  } catch (error) {
    if (error instanceof ApiError && error.code === 401) {
      if (credentials.token === undefined) throw refusal(error)
      throw new DavitError('DAVIT_JOIN_TOKEN', 'the server does not take the token: it is wrong, or has expired', {
        cause: error,
      })
    }
    throw error instanceof ApiError ? refusal(error) : error
  } finally {
    clients.close()
  }
}

/** Tries again as long as the server is away or has too much to do. */
async function patiently<T>({ server, clock, random, log, signal }: JoinOptions, work: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ApiError) || (error.code !== 503 && error.code !== 429)) throw error
      const fatal = tlsProblem(error.cause, server)
      if (fatal) throw fatal
      const full = Math.min(longestRetryMs, 1_000 * 2 ** failures)
      const ms = full / 2 + (full / 2) * random.next()
      log.warn(
        { error: error.message, retryInMs: Math.round(ms) },
        `the API server ${server} does not answer yet; it is tried again`,
      )
      await clock.sleep(ms, signal)
    }
  }
}

const clockProblems: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_HAS_EXPIRED: 'has expired',
}

/** What no waiting heals. */
function tlsProblem(cause: unknown, server: string): DavitError | undefined {
  const { code = '', message = '' } = (cause ?? {}) as { readonly code?: string; readonly message?: string }
  const time = clockProblems[code]
  if (time !== undefined) {
    return new DavitError('DAVIT_JOIN_CLOCK', `by the clock of this machine the certificate of ${server} ${time}`, { cause })
  }
  const verified = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_.*|CERT_.*)$/
  if (!verified.test(code)) return undefined
  return new DavitError('DAVIT_JOIN_CA', `the certificate of ${server} cannot be trusted: ${message}`, { cause })
}
