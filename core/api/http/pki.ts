/**
 * The cluster's keys and certificates, in one directory. What is missing, about to expire or no longer fits is made
 * anew; what is there and good is only read, so a second start writes nothing.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DavitError } from '../../kernel/contract.js'
import { type CertificateRequest, createKey, type Issuer, issueCertificate } from './certificate.js'
import { ipVersion } from './ip-version.js'
import { writeAtomically } from './write-file.js'

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string
  readonly certificate: string
}
export interface ClusterCertificates {
  readonly authority: KeyAndCertificate
  readonly server: KeyAndCertificate
  /** `davit-admin` of `system:masters`. */
  readonly admin: KeyAndCertificate
}
export interface PkiOptions {
  readonly directory: string
  /** DNS names and IP addresses by which clients reach the server. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
}

const day = 86_400_000
export const authorityName = 'davit-ca'
export const frontProxyName = 'front-proxy-client'
const lifetimes = { authority: 3650 * day, leaf: 365 * day, renewBefore: 30 * day, backdate: 3_600_000 }

export async function loadCertificates(options: PkiOptions): Promise<ClusterCertificates> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  await chmod(options.directory, 0o700)
  const authority = await loadAuthority(options)
  const [server, admin] = await Promise.all([
    loadLeaf(options, authority, 'server', {
      commonName: 'davit-apiserver',
      purpose: 'server',
      names: [...new Set(options.names)],
    }),
    loadLeaf(options, authority, 'admin', { commonName: 'davit-admin', organizations: ['system:masters'], purpose: 'client' }),
  ])
  return { authority, server, admin }
}

/** Beside the others, and of an authority of its own: whoever trusts it believes who it says that a user is. */
export async function loadFrontProxy(
  options: Pick<PkiOptions, 'directory' | 'now'>,
): Promise<KeyAndCertificate & { readonly authority: string }> {
  const all = { ...options, names: [] }
  const authority = await loadAuthority(all, 'front-proxy-ca', 'davit-front-proxy-ca')
  const leaf = { commonName: frontProxyName, purpose: 'client' } as const
  const client = await loadLeaf(all, authority, 'front-proxy-client', leaf, 'davit-front-proxy-ca')
  return { ...client, authority: authority.certificate }
}

/** By which this server is known to the agents of nodes; made when the first one is asked. */
export function loadKubeletClient(
  options: Pick<PkiOptions, 'directory' | 'now'>,
  authority: KeyAndCertificate,
): Promise<KeyAndCertificate> {
  const leaf = { commonName: 'davit-kubelet-client', organizations: ['system:masters'], purpose: 'client' } as const
  return loadLeaf({ ...options, names: [] }, authority, 'kubelet-client', leaf)
}

async function loadAuthority(options: PkiOptions, file = 'ca', commonName = authorityName): Promise<KeyAndCertificate> {
  const stored = await loadPair(options, file)
  if (stored) {
    if (Date.parse(stored.parsed.validTo) > options.now) return stored.pair
    throw new DavitError('DAVIT_PKI_CA_EXPIRED', `the cluster's CA in ${options.directory} expired on ${stored.parsed.validTo}`)
  }
  const key = await createKey()
  const period = { notBefore: options.now - lifetimes.backdate, notAfter: options.now + lifetimes.authority }
  const request: CertificateRequest = { commonName, key, purpose: 'authority', ...period }
  return store(options, file, key, issueCertificate(request, { commonName, key }))
}

type LeafRequest = Pick<CertificateRequest, 'commonName' | 'organizations' | 'purpose' | 'names'>

async function loadLeaf(
  options: PkiOptions,
  authority: KeyAndCertificate,
  name: string,
  leaf: LeafRequest,
  issuerName = authorityName,
): Promise<KeyAndCertificate> {
  const stored = await loadPair(options, name)
  const signer = new X509Certificate(authority.certificate)
  if (stored && isGood(stored.parsed, signer, leaf.names ?? [], options.now)) return stored.pair
  const key = stored ? createPrivateKey(stored.pair.key) : await createKey()
  const issuer: Issuer = { commonName: issuerName, key: createPrivateKey(authority.key) }
  const notAfter = Math.min(options.now + lifetimes.leaf, Date.parse(signer.validTo))
  const request: CertificateRequest = { ...leaf, key, notBefore: options.now - lifetimes.backdate, notAfter }
  return store(options, name, key, issueCertificate(request, issuer))
}

function isGood(certificate: X509Certificate, authority: X509Certificate, names: readonly string[], now: number): boolean {
  return (
    certificate.verify(authority.publicKey) &&
    Date.parse(certificate.validFrom) <= now &&
    Date.parse(certificate.validTo) - now > lifetimes.renewBefore &&
    names.every((name) => (ipVersion(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
  )
}

async function loadPair(
  options: PkiOptions,
  name: string,
): Promise<{ pair: KeyAndCertificate; parsed: X509Certificate } | undefined> {
  const path = join(options.directory, name)
  const [key, certificate] = await Promise.all([readIfThere(`${path}.key`), readIfThere(`${path}.crt`)])
  // The key is written first, so a crash between the two leaves a key alone, which nothing was signed with yet.
  if (key === undefined || certificate === undefined) return undefined
  try {
    const parsed = new X509Certificate(certificate)
    if (parsed.checkPrivateKey(createPrivateKey(key))) return { pair: { key, certificate }, parsed }
  } catch (error) {
    throw new DavitError('DAVIT_PKI_UNREADABLE', `${path}.key or ${path}.crt is not a key or certificate`, { cause: error })
  }
  throw new DavitError('DAVIT_PKI_UNREADABLE', `${path}.key does not belong to ${path}.crt`)
}

async function store(options: PkiOptions, name: string, key: KeyObject, certificate: string): Promise<KeyAndCertificate> {
  const path = join(options.directory, name)
  const text = privateText(key)
  await writeAtomically(`${path}.key`, text, 0o600)
  await writeAtomically(`${path}.crt`, certificate, 0o644)
  return { key: text, certificate }
}

function privateText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
