/** Who asks for a certificate, and who may decide about it: rights on the signer, beside those on the request. */
import { type AdmissionDenial, type AdmissionRequest, type ApiHooks, readSigningRequest, type UserInfo } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import { type CertificateSigningRequest, equalJson } from '@davit/core/kinds'

export type Decision = 'approve' | 'sign'

export const isSigningRequest = ({ kind }: AdmissionRequest): boolean =>
  kind.resource === 'certificatesigningrequests' && kind.group === 'certificates.k8s.io'

/** Changes a new request: who sent it is what the API says, whatever is written there. */
export function nameRequester({ spec }: CertificateSigningRequest, { name, uid, groups, extra }: UserInfo): undefined {
  delete spec.uid
  delete spec.extra
  spec.username = name
  spec.groups = [...groups]
  if (uid) spec.uid = uid
  if (extra && Object.keys(extra).length > 0) {
    spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))
  }
  return undefined
}

/** What an update decides; undefined where it decides nothing. */
export function decisionOf({ operation, subresource, object, oldObject }: AdmissionRequest): Decision | undefined {
  if (operation !== 'UPDATE') return undefined
  if (subresource === 'approval') return 'approve'
  if (subresource !== 'status') return undefined
  const [now, before] = [(object as CertificateSigningRequest).status, (oldObject as CertificateSigningRequest).status]
  const same = now?.certificate === before?.certificate && equalJson(now?.conditions ?? [], before?.conditions ?? [])
  return same ? undefined : 'sign'
}

/** The right may be on the signer itself, or on all of its domain. */
export async function denialFor(
  { kind, name, user, oldObject }: AdmissionRequest,
  verb: Decision,
  authorize: ApiHooks['authorize'],
): Promise<AdmissionDenial | undefined> {
  if (user.groups.includes('system:masters')) return undefined
  const { signerName } = (oldObject as CertificateSigningRequest).spec
  const domain = `${signerName.split('/')[0]}/*`
  for (const signer of [signerName, domain]) {
    const signers = { group: 'certificates.k8s.io', version: 'v1', resource: 'signers', subresource: '', namespace: '', path: '' }
    const verdict = await authorize.call({ user, verb, ...signers, name: signer })
    if (verdict?.allowed) return undefined
  }
  const text = `user not permitted to ${verb} requests with signerName "${signerName}"`
  const { message, reason } = ApiError.forbidden(kind, name, text).status
  return { code: 403, reason, message }
}

const clientSigner = 'kubernetes.io/kube-apiserver-client'
const masters = 'system:masters'

/** Of a new request: nobody asks for what would make him the master of the cluster, whoever might sign it. */
export async function subjectDenial({ kind, name, object }: AdmissionRequest): Promise<AdmissionDenial | undefined> {
  const { signerName, request } = (object as CertificateSigningRequest).spec
  if (signerName !== clientSigner) return undefined
  const problem = await readSigningRequest(Buffer.from(request, 'base64').toString()).then(
    ({ organizations }) =>
      organizations.includes(masters) ? `use of ${clientSigner} signer with ${masters} group is not allowed` : undefined,
    (error: unknown) => `failed to parse CSR: ${error instanceof Error ? error.message : String(error)}`,
  )
  if (problem === undefined) return undefined
  const { message, reason } = ApiError.forbidden(kind, name, problem).status
  return { code: 403, reason, message }
}
