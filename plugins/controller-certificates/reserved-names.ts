/** Names that no node may have. Whoever joins chooses one, and gets a serving certificate of the cluster's CA for it. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { CertificateSigner, RequestedCertificate } from '@davit/core/api'
import { nodeNameOf } from './signers.js'

/** Others, as "*" or "LOCALHOST", may stand for more than they say. */
const nodeName = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/

/** What is wrong with the names of a node that a request has, in words for who asked; undefined where nothing is. */
export function nameProblem(
  { commonName, dnsNames, ipAddresses }: RequestedCertificate,
  own: CertificateSigner['own'],
): string | undefined {
  const names = [nodeNameOf(commonName), ...dnsNames]
  const odd = names.find((name) => !nodeName.test(name))
  if (odd !== undefined) return `"${odd}" is no name of a node`
  const reserved = [...names, ...ipAddresses].find((name) => isReserved(name, own))
  if (reserved === undefined) return undefined
  return `"${reserved}" is a name of the API server, of this machine or of Services, and no node may have it`
}

function isReserved(name: string, own: CertificateSigner['own']): boolean {
  const domains = ['localhost', 'svc', own?.clusterDomain ?? 'cluster.local']
  if (domains.some((domain) => name === domain || name.endsWith(`.${domain}`))) return true
  if (/^127\./.test(name) || name === '::1') return true
  if (own === undefined) return false
  const certificate = new X509Certificate(own.certificate)
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined
}
