/** What a node may do, in the words of Kubernetes' node authorizer. */
import type { AuthorizationRequest, UserInfo } from '@davit/core/api'
import type { Followed, Graph } from './graph.js'
import { covers } from './node-rules.js'

/** '' for whoever is no node. */
export function nodeNameOf({ name, groups }: UserInfo): string {
  return name.startsWith(prefix) && groups.includes('system:nodes') ? name.slice(prefix.length) : ''
}
const prefix = 'system:node:'

/** `reason` says why this authorizer does not allow it, where Kubernetes says so. */
type Answer = { readonly allowed: boolean; readonly reason: string }
const yes: Answer = { allowed: true, reason: '' }
const no = (reason: string): Answer => ({ allowed: false, reason })

const readVerbs = new Set(['get', 'list', 'watch'])
const leaseVerbs = new Set(['get', 'create', 'update', 'patch', 'delete'])

type Judge = (graph: Graph, node: string, request: AuthorizationRequest) => Answer | Promise<Answer>
const judges: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['/secrets', (graph, node, request) => readReferred(graph, node, request, 'secrets')],
  ['/configmaps', (graph, node, request) => readReferred(graph, node, request, 'configMaps')],
  ['/persistentvolumeclaims', claim],
  ['/persistentvolumes', (graph, node, request) => getOne(request, node, () => graph.mounts(node, request.name))],
  [
    'storage.k8s.io/volumeattachments',
    (graph, node, request) => getOne(request, node, () => graph.isAttached(node, request.name)),
  ],
  ['/serviceaccounts', token],
  ['/nodes', (_graph, node, request) => ownNode(node, request)],
  ['/pods', ownPods],
  ['coordination.k8s.io/leases', (_graph, node, request) => lease(node, request)],
  ['storage.k8s.io/csinodes', (_graph, node, request) => csiNode(node, request)],
])

/** Synchronous but where volumes are asked for. */
export function judge(graph: Graph, node: string, request: AuthorizationRequest): Answer | Promise<Answer> {
  if (request.path !== '') return no('')
  const own = judges.get(`${request.group}/${request.resource}`)
  if (own) return own(graph, node, request)
  return covers(request) ? yes : no('')
}

function unrelated(node: string): Answer {
  return no(`no relationship found between node '${node}' and this object`)
}

function readReferred(
  graph: Graph,
  node: string,
  { verb, subresource, namespace, name }: AuthorizationRequest,
  what: Followed,
): Answer | Promise<Answer> {
  if (!readVerbs.has(verb)) return no('can only read resources of this type')
  if (subresource !== '') return no('cannot read subresource')
  if (namespace === '') return no('can only read namespaced object of this type')
  if (name === '') return no('No Object name found')
  if (graph.refers(node, what, namespace, name)) return yes
  if (what !== 'secrets') return unrelated(node)
  return graph.mountsWith(node, namespace, name).then((mounts) => (mounts ? yes : unrelated(node)))
}

async function getOne(request: AuthorizationRequest, node: string, related: () => Promise<boolean> | boolean): Promise<Answer> {
  if (request.verb !== 'get') return no('can only get individual resources of this type')
  if (request.subresource !== '') return no('cannot get subresource')
  if (request.name === '') return no('No Object name found')
  return (await related()) ? yes : unrelated(node)
}

function claim(graph: Graph, node: string, request: AuthorizationRequest): Answer | Promise<Answer> {
  const { verb, subresource, namespace, name } = request
  const related = (): boolean => graph.refers(node, 'claims', namespace, name)
  if (subresource !== 'status') return getOne(request, node, related)
  if (verb !== 'get' && verb !== 'update' && verb !== 'patch') return no('can only get/update/patch this type')
  return related() ? yes : unrelated(node)
}

function token(graph: Graph, node: string, { verb, subresource, namespace, name }: AuthorizationRequest): Answer {
  if (verb !== 'create' || subresource !== 'token') return no('can only create tokens for individual service accounts')
  return graph.usesAccount(node, namespace, name) ? yes : unrelated(node)
}

/** Whose Node it changes is the affair of admission, which knows the name also where the URL does not hold it. */
function ownNode(node: string, { verb, subresource, name }: AuthorizationRequest): Answer {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? yes : no('')
  if (subresource !== '') return no('')
  if (verb === 'create' || verb === 'update' || verb === 'patch') return yes
  if (!readVerbs.has(verb)) return no('')
  return name === node ? yes : no(`node '${node}' cannot read '${name}', only its own Node object`)
}

function ownPods(graph: Graph, node: string, request: AuthorizationRequest): Answer {
  const { verb, subresource, namespace, name } = request
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? yes : no('')
  if (subresource === 'eviction') return verb === 'create' ? yes : no('')
  if (subresource !== '') return no('')
  if (verb === 'create' || verb === 'delete') return yes
  if (verb === 'get') return graph.runs(node, namespace, name) ? yes : unrelated(node)
  if (verb !== 'list' && verb !== 'watch') return no('')
  if (selects(request.fieldSelector, node)) return yes
  if (name !== '' && graph.runs(node, namespace, name)) return yes
  return no('can only list/watch pods with spec.nodeName field selector')
}

function selects(fieldSelector: string | undefined, node: string): boolean {
  return (fieldSelector ?? '').split(',').some((part) => part === `spec.nodeName=${node}` || part === `spec.nodeName==${node}`)
}

function lease(node: string, { verb, subresource, namespace, name }: AuthorizationRequest): Answer {
  if (!leaseVerbs.has(verb) || subresource !== '') return no('can only get, create, update, patch, or delete a node lease')
  if (namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace')
  if (verb !== 'create' && name !== node) return no('can only access node lease with the same name as the requesting node')
  return yes
}

function csiNode(node: string, { verb, subresource, name }: AuthorizationRequest): Answer {
  if (!leaseVerbs.has(verb)) return no('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return no('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== node) return no('can only access CSINode with the same name as the requesting node')
  return yes
}
