/** Secrets of type `kubernetes.io/service-account-token`: what stands in them. */
import type { TokenIssuer } from '@davit/core/api'
import type { Secret, ServiceAccount } from '@davit/core/kinds'

export const tokenSecretType = 'kubernetes.io/service-account-token'
export const nameAnnotation = 'kubernetes.io/service-account.name'
export const uidAnnotation = 'kubernetes.io/service-account.uid'

/** "namespace/name" of the account that a Secret is for. */
export function accountOf({ metadata: { namespace = '', annotations } }: Secret): string {
  return `${namespace}/${annotations?.[nameAnnotation] ?? ''}`
}

export function isFilled({ metadata, data }: Secret, account: ServiceAccount, ca: string | undefined): boolean {
  return (
    metadata.annotations?.[uidAnnotation] === account.metadata.uid &&
    Boolean(data?.token) &&
    data?.namespace === base64(account.metadata.namespace ?? '') &&
    (ca === undefined || data?.['ca.crt'] === base64(ca))
  )
}

/** With what is missing. A token that is there stays. */
export async function filled(
  secret: Secret,
  account: ServiceAccount,
  issuer: TokenIssuer,
  ca: string | undefined,
): Promise<Secret> {
  const { name, namespace = '', uid = '' } = account.metadata
  const { metadata, data } = secret
  const token = data?.token || base64(await issuer.sign(claimsOf(secret, account)))
  return {
    ...secret,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [nameAnnotation]: name, [uidAnnotation]: uid } },
    data: { ...data, namespace: base64(namespace), token, ...(ca !== undefined && { 'ca.crt': base64(ca) }) },
  }
}

/** Of the old form: it says in which Secret it stands, and ends with that alone. */
function claimsOf(secret: Secret, { metadata: { name, namespace = '', uid } }: ServiceAccount): Record<string, unknown> {
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret.metadata.name,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
