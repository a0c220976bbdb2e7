/** When a request has served its time. Pure. */
import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest } from '@davit/core/kinds'

const hour = 3_600_000
const undecided = 24 * hour

export function conditionOf({ status }: CertificateSigningRequest, type: string) {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** Milliseconds since 1970. */
export function endOf(request: CertificateSigningRequest): number {
  const decided = ['Denied', 'Failed', 'Approved'].map((type) => conditionOf(request, type)).find((condition) => condition)
  const made = Date.parse(request.metadata.creationTimestamp ?? '')
  if (!decided) return made + undecided
  const end = Date.parse(decided.lastUpdateTime ?? request.metadata.creationTimestamp ?? '') + hour
  const { certificate } = request.status ?? {}
  return certificate ? Math.min(end, expiryOf(certificate) ?? end) : end
}

function expiryOf(certificate: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, 'base64')).validTo)
  } catch {
    // Another signer's, in a form of its own: it goes by its age.
    return undefined
  }
}
