/** Signs requests for certificates with the cluster's CA. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Clock } from '../../kernel/contract.js'
import type { CertificateSigner } from '../contract.js'
import { issueCertificate } from './certificate.js'
import { authorityName, type KeyAndCertificate } from './pki.js'
import { readSigningRequest } from './signing-request.js'

/** Clocks differ: a certificate that is not valid yet is of no use. */
const backdateMs = 300_000

export function createSigner(authority: KeyAndCertificate, clock: Clock, own?: CertificateSigner['own']): CertificateSigner {
  return {
    ...(own && { own }),
    async read(request) {
      const { commonName, organizations, dnsNames, ipAddresses, otherNames } = await readSigningRequest(request)
      return { commonName, organizations, dnsNames, ipAddresses, otherNames }
    },
    async sign(request, { usages, lifetimeMs }) {
      const { commonName, key, subject, alternativeNames } = await readSigningRequest(request)
      const now = clock.now()
      const notAfter = Math.min(now + lifetimeMs, Date.parse(new X509Certificate(authority.certificate).validTo))
      const sent = { subject, ...(alternativeNames && { alternativeNames }) }
      const issuer = { commonName: authorityName, key: createPrivateKey(authority.key) }
      return issueCertificate({ commonName, key, sent, usages, purpose: 'client', notBefore: now - backdateMs, notAfter }, issuer)
    },
  }
}
