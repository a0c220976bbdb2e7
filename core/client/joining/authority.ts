/** The CA of the cluster that an agent joins: it is believed by its hash, whatever the way that it came. */
import { createHash, X509Certificate } from 'node:crypto'
import { parse } from 'yaml'
import { DavitError } from '../../kernel/contract.js'
import { ApiError } from '../api-error.js'
import { Transport } from '../transport.js'

const clusterInfo = '/api/v1/namespaces/kube-public/configmaps/cluster-info'

/** By what the CA is believed. One of them must be there. */
export interface AuthorityPin {
  /** "sha256:…", of its public key. */
  readonly hash?: string
  /** PEM of the CA itself. */
  readonly certificate?: string
  /** Whatever the server says: for those who trust the network between. */
  readonly unsafe?: boolean
}

/**
 * PEM of nothing but certificates that are believed. Asks the server where the CA itself is not given. Rejects with
 * `ApiError` 503 while the server cannot be reached.
 */
export async function findAuthority(server: string, pin: AuthorityPin): Promise<string> {
  if (pin.certificate !== undefined) return authoritiesIn(pin.certificate, 'the file of the CA').join('')
  if (pin.hash === undefined && !pin.unsafe) throw problem('nothing says by which CA the server is to be known')
  const wanted = pin.hash?.toLowerCase()
  if (wanted !== undefined && !/^sha256:[0-9a-f]{64}$/.test(wanted))
    throw problem(`"${pin.hash}" is no hash: it has the form sha256:<64 digits>`)
  const found = authoritiesIn(await shownBy(server), `the CA that ${server} shows`)
  // Each of them: whoever is between could show his own behind the real one.
  const foreign = found.map(authorityHash).find((hash) => wanted !== undefined && hash !== wanted)
  if (foreign === undefined) return found.join('')
  throw problem(`${server} has a CA with the hash ${foreign}, and not the one that was named`)
}

/** Of the one certificate, or the first: of its public key, as kubeadm does, so that a CA that is renewed with its key keeps it. */
export function authorityHash(pem: string | Buffer): string {
  const info = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(info).digest('hex')}`
}

/** Nothing secret is sent: the server is not known yet. */
async function shownBy(server: string): Promise<string> {
  const transport = new Transport({ server, insecure: true, namespace: 'default' })
  try {
    const { data } = (await transport.call({ method: 'GET', path: clusterInfo })) as {
      readonly data?: { readonly kubeconfig?: string }
    }
    const { clusters } = parse(data?.kubeconfig ?? '') as { clusters: readonly { cluster: Record<string, string> }[] }
    return Buffer.from(clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64').toString('utf8')
  } catch (error) {
    if (!(error instanceof ApiError)) throw problem(`what ${server} says of its CA cannot be read`, error)
    if (error.code === 503) throw error
    throw problem(`${server} does not show its CA (${error.message}): was \`davit token create\` run there?`, error)
  } finally {
    transport.close()
  }
}

/** At least one, each as it was read here: what else the text holds, another reader may take for one more. */
export function authoritiesIn(text: string, what: string): readonly string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  let found: readonly X509Certificate[]
  try {
    found = blocks.map((pem) => new X509Certificate(pem))
  } catch (error) {
    throw problem(`${what} is no certificate`, error)
  }
  if (found.length === 0) throw problem(`${what} is no certificate`)
  if (found.some(({ ca }) => !ca)) throw problem(`${what} is not that of a CA`)
  return found.map(String)
}

function problem(message: string, cause?: unknown): DavitError {
  return new DavitError('DAVIT_JOIN_CA', message, { cause })
}
