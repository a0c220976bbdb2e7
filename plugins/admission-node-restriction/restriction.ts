/** What a node may write, in the words of Kubernetes' NodeRestriction. */
import type { AdmissionDenial, AdmissionRequest, ApiHooks } from '@davit/core/api'
import { ApiError, type Client, isNotFound, nodes, pods } from '@davit/core/client'
import { equalJson, type KubeObject, type Node, type PersistentVolume, type Pod, reachesVolume } from '@davit/core/kinds'
import { audienceRefusal } from './audiences.js'
import { forbiddenLabels } from './labels.js'
import { mirrorRefusal } from './mirror.js'

export interface RestrictionSources {
  readonly client: Client
  readonly authorize: ApiHooks['authorize']
  /** The uid of a Node, where it is there. */
  nodeUid(name: string): Promise<string | undefined>
}

type Check = (request: AdmissionRequest, node: string, sources: RestrictionSources) => Refusal | Promise<Refusal>
/** Why not. */
type Refusal = string | undefined

const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['/pods', checkPod],
  ['/nodes', checkNode],
  ['/serviceaccounts', checkToken],
  [
    '/persistentvolumeclaims',
    ({ subresource }) => (subresource === 'status' ? undefined : 'may only update the status of a claim'),
  ],
  ['/persistentvolumes', checkVolume],
  ['coordination.k8s.io/leases', checkLease],
  ['storage.k8s.io/csinodes', checkCsiNode],
])
const prefix = 'system:node:'
/** Of the provisioner of folders of nodes: other makers of volumes let go of theirs themselves. */
const folderFinalizer = 'davit.dev/local-path-folder'

/** For the slot `validate`: asked of every write, so whoever is no node is let through at once. */
export function denialOf(
  request: AdmissionRequest,
  sources: RestrictionSources,
): AdmissionDenial | undefined | Promise<AdmissionDenial | undefined> {
  const { user, kind } = request
  if (!isNode(user)) return undefined
  const check = checks.get(`${kind.group}/${kind.resource}`)
  const node = user.name.slice(prefix.length)
  if (node === '') return denial(request, `could not determine node from user "${user.name}"`)
  if (!check) return undefined
  const refusal = check(request, node, sources)
  if (refusal instanceof Promise) return refusal.then((text) => (text === undefined ? undefined : denial(request, text)))
  return refusal === undefined ? undefined : denial(request, refusal)
}

/**
 * For the slot `mutate`: before the server fills in its own audiences, so that who asks for none is told from who asks for
 * those by name. That the Pod is there and runs on the node is asked in `denialOf`.
 */
export function checkAudiences(request: AdmissionRequest, sources: RestrictionSources): Promise<undefined> | undefined {
  const { user, kind, subresource, operation } = request
  if (!isNode(user) || subresource !== 'token' || operation !== 'CREATE') return undefined
  if (kind.group !== '' || kind.resource !== 'serviceaccounts') return undefined
  return refuseAudiences(request, sources)
}

async function refuseAudiences(request: AdmissionRequest, sources: RestrictionSources): Promise<undefined> {
  const { boundObjectRef: ref, audiences } = tokenSpec(request)
  const pod = ref?.name ? await unlessMissing(sources.client.get(pods, request.namespace, ref.name)) : undefined
  if (!pod || pod.metadata.uid !== ref?.uid) return
  const refusal = await audienceRefusal(request, audiences ?? [], pod, sources)
  if (refusal === undefined) return
  const { code, reason, message } = denial(request, refusal)
  throw ApiError.denied(code, reason, message, { name: request.name, kind: request.kind.resource })
}

function isNode({ name, groups }: AdmissionRequest['user']): boolean {
  return name.startsWith(prefix) && groups.includes('system:nodes')
}

function denial({ kind, name }: AdmissionRequest, why: string): AdmissionDenial {
  const what = kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`
  return { code: 403, reason: 'Forbidden', message: `${what} "${name}" is forbidden: ${why}` }
}

function checkPod(request: AdmissionRequest, node: string, sources: RestrictionSources): Refusal | Promise<Refusal> {
  const { operation, subresource } = request
  if (subresource === 'status') return checkPodStatus(request, node)
  if (subresource === 'eviction') return checkEviction(request, node, sources)
  if (subresource !== '') {
    return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`
  }
  if (operation === 'CREATE') return mirrorRefusal(request.object as Pod, node, sources.nodeUid)
  if (operation !== 'DELETE') return `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`
  return isOn(request.oldObject, node) ? undefined : `node "${node}" can only delete pods with spec.nodeName set to itself`
}

function checkPodStatus({ operation, object, oldObject }: AdmissionRequest, node: string): Refusal {
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`
  if (!isOn(oldObject, node)) return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
  if (!equalJson(object?.metadata.labels, oldObject?.metadata.labels)) {
    return `node "${node}" cannot update labels through pod status`
  }
  return undefined
}

async function checkEviction(request: AdmissionRequest, node: string, { client }: RestrictionSources): Promise<Refusal> {
  const { namespace, name, oldObject } = request
  const pod = oldObject ?? (await unlessMissing(client.get(pods, namespace, name)))
  return pod === undefined || isOn(pod, node) ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`
}

function isOn(pod: KubeObject | undefined, node: string): boolean {
  return (pod as Pod | undefined)?.spec.nodeName === node
}

function checkNode({ operation, name, object, oldObject }: AdmissionRequest, node: string): Refusal {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  const forbidden = forbiddenLabels(object?.metadata.labels, oldObject?.metadata.labels)
  if (operation === 'CREATE') {
    return forbidden.length === 0
      ? undefined
      : `node "${node}" is not allowed to set the following labels: ${forbidden.join(', ')}`
  }
  if (operation !== 'UPDATE') return undefined
  if (!equalJson((object as Node).spec?.taints ?? [], (oldObject as Node).spec?.taints ?? [])) {
    return `node "${node}" is not allowed to modify taints`
  }
  if (!equalJson(object?.metadata.ownerReferences ?? [], oldObject?.metadata.ownerReferences ?? [])) {
    return `node "${node}" is not allowed to modify ownerReferences`
  }
  return forbidden.length === 0 ? undefined : `node "${node}" is not allowed to modify labels: ${forbidden.join(', ')}`
}

/** Where a role lets nodes write volumes at all, it is for one thing: to let go of one whose folder they have removed. */
async function checkVolume(request: AdmissionRequest, node: string, { client }: RestrictionSources): Promise<Refusal> {
  const volume = request.oldObject as PersistentVolume | undefined
  if (volume && letsGo(request, volume)) {
    const own = await unlessMissing(client.get(nodes, '', node))
    if (own && reachesVolume(volume, own)) return undefined
  }
  return `node "${node}" can only let go of persistent volumes of its own folders that are being deleted and not bound`
}

/** Whether nothing is done but that. */
function letsGo({ operation, subresource, object }: AdmissionRequest, volume: PersistentVolume): boolean {
  const { metadata, spec, status } = volume
  if (operation !== 'UPDATE' || subresource !== '' || metadata.deletionTimestamp === undefined) return false
  if (status?.phase === 'Bound' || !metadata.finalizers?.includes(folderFinalizer)) return false
  const left = metadata.finalizers.filter((finalizer) => finalizer !== folderFinalizer)
  const without = (of: KubeObject['metadata'] | undefined) => ({ ...of, finalizers: [], managedFields: [], resourceVersion: '' })
  return (
    equalJson(object?.metadata.finalizers ?? [], left) &&
    equalJson((object as PersistentVolume | undefined)?.spec, spec) &&
    equalJson(without(object?.metadata), without(metadata))
  )
}

/** A token is for a Pod that runs here, and only as long as it does. */
async function checkToken(request: AdmissionRequest, node: string, { client }: RestrictionSources): Promise<Refusal> {
  if (request.subresource !== 'token' || request.operation !== 'CREATE') return undefined
  const { boundObjectRef: ref } = tokenSpec(request)
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) return 'node requested token not bound to a pod'
  if (!ref.uid) return 'node requested token with a pod binding without a uid'
  const pod = await unlessMissing(client.get(pods, request.namespace, ref.name))
  if (!pod) return `pods "${ref.name}" not found`
  if (pod.metadata.uid !== ref.uid) {
    return (
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. ` +
      'The object might have been deleted and then recreated'
    )
  }
  return isOn(pod, node) ? undefined : 'node requested token bound to a pod scheduled on a different node'
}
function tokenSpec({ object }: AdmissionRequest): TokenSpec {
  return (object as KubeObject & { readonly spec?: TokenSpec }).spec ?? {}
}
interface TokenSpec {
  readonly audiences?: readonly string[]
  readonly boundObjectRef?: BoundObject
}
interface BoundObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
}

function checkLease({ namespace, name }: AdmissionRequest, node: string): Refusal {
  if (namespace !== 'kube-node-lease') return 'can only access leases in the "kube-node-lease" system namespace'
  return name === node ? undefined : 'can only access node lease with the same name as the requesting node'
}

function checkCsiNode({ name }: AdmissionRequest, node: string): Refusal {
  return name === node ? undefined : 'can only access CSINode with the same name as the requesting node'
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
