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

/** PEM. Asks the server where the CA itself is not given. Rejects with `ApiError` 503 while the server cannot be reached. */
export async function findAuthority(server: string, pin: AuthorityPin): Promise<string> {
  if (pin.certificate !== undefined) return checked(pin.certificate, 'the file of the CA')
  if (pin.hash === undefined && !pin.unsafe) throw problem('nothing says by which CA the server is to be known')
  const wanted = pin.hash?.toLowerCase()
  if (wanted !== undefined && !/^sha256:[0-9a-f]{64}$/.test(wanted))
    throw problem(`"${pin.hash}" is no hash: it has the form sha256:<64 digits>`)
  const found = checked(await shownBy(server), `the CA that ${server} shows`)
  const hash = authorityHash(found)
  if (wanted === undefined || hash === wanted) return found
  throw problem(`${server} has a CA with the hash ${hash}, and not the one that was named`)
}

/** As kubeadm writes it. */
export function authorityHash(pem: string): string {
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

function checked(pem: string, what: string): string {
  try {
    if (new X509Certificate(pem).ca) return pem
  } catch (error) {
    throw problem(`${what} is no certificate`, error)
  }
  throw problem(`${what} is not that of a CA`)
}

function problem(message: string, cause?: unknown): DavitError {
  return new DavitError('DAVIT_JOIN_CA', message, { cause })
}
