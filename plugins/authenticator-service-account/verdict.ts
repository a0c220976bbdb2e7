/** Whether what a token is bound to still is what it was; the words are Kubernetes'. */
import type { BoundClaims, LegacyClaims, Reference } from './claims.js'
import type { Objects } from './objects.js'

const invalidated = 'service account token has been invalidated'

/** Undefined: nothing is wrong with it. */
export async function boundProblem(token: BoundClaims, objects: Objects): Promise<string | undefined> {
  return (await accountProblem(token, objects)) ?? (await objectsProblem(token, objects))
}

async function accountProblem({ namespace, account }: BoundClaims, objects: Objects): Promise<string | undefined> {
  const found = await objects.account(namespace, account.name, account.uid)
  if (!found) return `serviceaccounts "${account.name}" not found`
  const { uid } = found.metadata
  if (uid !== account.uid) return `service account UID (${uid}) does not match claim (${account.uid})`
  return objects.isGone(found) ? `service account ${namespace}/${account.name} has been deleted` : undefined
}

/** The node of a Pod's token is told, and asked for nothing: the Pod ends before it. */
async function objectsProblem({ namespace, secret, pod, node }: BoundClaims, objects: Objects): Promise<string | undefined> {
  const bound = async (what: 'secret' | 'pod' | 'node', ref: Reference): Promise<string | undefined> => {
    const found = await objects[what](what === 'node' ? '' : namespace, ref.name, ref.uid)
    if (!found || objects.isGone(found)) return invalidated
    const { uid } = found.metadata
    return uid === ref.uid ? undefined : `${what} UID (${uid}) does not match service account ${what} ref claim (${ref.uid})`
  }
  if (secret) return bound('secret', secret)
  if (pod) return bound('pod', pod)
  return node && bound('node', node)
}

/** `text` is the token itself: it must be the one that stands in the Secret. */
export async function legacyProblem(
  { namespace, account, secret }: LegacyClaims,
  text: string,
  objects: Objects,
): Promise<string | undefined> {
  const copy = await objects.secret(namespace, secret)
  if (!copy || copy.metadata.deletionTimestamp !== undefined) return 'Token has been invalidated'
  if (Buffer.from(copy.data?.token ?? '', 'base64').toString('utf8') !== text) return "Token does not match server's copy"
  const found = await objects.account(namespace, account.name, account.uid)
  if (!found || objects.isGone(found)) return `ServiceAccount ${namespace}/${account.name} has been deleted`
  const { uid } = found.metadata
  return uid === account.uid ? undefined : `ServiceAccount UID (${uid}) does not match claim (${account.uid})`
}
