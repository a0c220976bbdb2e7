/** Mirror Pods: how a node shows what it runs by itself. Nothing in them may give the node anything. */
import type { Pod } from '@davit/core/kinds'

const annotation = 'kubernetes.io/config.mirror'

/** Why a node may not create it. */
export async function mirrorRefusal(
  pod: Pod,
  node: string,
  nodeUid: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (pod.metadata.annotations?.[annotation] === undefined) {
    return `pod does not have "${annotation}" annotation, node "${node}" can only create mirror pods`
  }
  if (pod.spec.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`
  return (await ownerRefusal(pod, node, nodeUid)) ?? referenceRefusal(pod, node)
}

async function ownerRefusal(
  { metadata }: Pod,
  node: string,
  nodeUid: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const owners = metadata.ownerReferences ?? []
  if (owners.length > 1) return `node "${node}" can only create pods with a single owner reference set to itself`
  const [owner] = owners
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `node "${node}" can only create pods with an owner reference set to itself`
  }
  if (owner.controller !== true) return `node "${node}" can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion === true) return `node "${node}" must not set blockOwnerDeletion on an owner reference`
  const uid = await nodeUid(node)
  if (uid === owner.uid) return undefined
  return `node ${node} UID mismatch: expected ${owner.uid} got ${uid ?? ''}`
}

function referenceRefusal({ spec }: Pod, node: string): string | undefined {
  const refuse = (what: string): string => `node "${node}" can not create pods that reference ${what}`
  if (spec.serviceAccountName) return refuse('a service account')
  const text = JSON.stringify(spec)
  // Whatever the field is that names one: a mirror Pod has none of them anywhere.
  if (/"(?:imagePullSecrets|secret|secretRef|secretKeyRef|secretName|nodePublishSecretRef)":/.test(text)) return refuse('secrets')
  if (/"(?:configMap|configMapRef|configMapKeyRef)":/.test(text)) return refuse('configmaps')
  if (/"(?:persistentVolumeClaim|ephemeral)":/.test(text)) return refuse('persistentvolumeclaims')
  return undefined
}
