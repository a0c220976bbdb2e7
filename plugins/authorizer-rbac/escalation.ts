/**
 * Nobody hands out more than he has: a role may hold, and a binding may give, only what its writer is allowed himself,
 * unless he is allowed the verb `escalate` or `bind` on it.
 */
import type { AdmissionDenial, AdmissionRequest, ApiHooks } from '@davit/core/api'
import { type Client, clusterRoles, roles } from '@davit/core/client'
import { type ClusterRole, type ClusterRoleBinding, equalJson, type KubeObject } from '@davit/core/kinds'
import { uncovered } from './coverage.js'
import type { Policy } from './policy.js'
import { quoted, ruleLines } from './rule-text.js'
import type { Rule } from './rules.js'

export interface EscalationSources {
  readonly policy: Policy
  readonly authorize: ApiHooks['authorize']
  /** Reads the role that a binding names: the policy may not have heard of it yet. */
  readonly client: Client
}

const group = 'rbac.authorization.k8s.io'
const everything: readonly Rule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
]

/** For the slot `validate`: asked of every write, so what is none of its business is answered at once. */
export function denialOf(
  request: AdmissionRequest,
  sources: EscalationSources,
): Promise<AdmissionDenial | undefined> | undefined {
  const { kind, object, user } = request
  if (kind.group !== group || !object || user.groups.includes('system:masters')) return undefined
  if (kind.resource === 'roles' || kind.resource === 'clusterroles') return roleDenial(request, object, sources)
  if (kind.resource === 'rolebindings' || kind.resource === 'clusterrolebindings') return bindingDenial(request, object, sources)
  return undefined
}

async function roleDenial(
  request: AdmissionRequest,
  object: KubeObject,
  sources: EscalationSources,
): Promise<AdmissionDenial | undefined> {
  const role = object as ClusterRole
  const old = request.oldObject as ClusterRole | undefined
  if (old && equalJson(old.rules ?? [], role.rules ?? []) && equalJson(old.aggregationRule, role.aggregationRule))
    return undefined
  // Of an object that is to be, the name does not count: so it is in Kubernetes.
  const name = request.operation === 'CREATE' ? '' : request.name
  if (await may(request, 'escalate', request.kind.resource, name, sources)) return undefined
  // What others will put into an aggregating role is not known: it may be anything.
  if ((role.aggregationRule || old?.aggregationRule) && lacking(request, everything, sources).length > 0) {
    return denial(request, 'must have cluster-admin privileges to use the aggregationRule')
  }
  return excess(request, role.rules ?? [], sources)
}

async function bindingDenial(
  request: AdmissionRequest,
  object: KubeObject,
  sources: EscalationSources,
): Promise<AdmissionDenial | undefined> {
  const { roleRef } = object as ClusterRoleBinding
  // So that the collector may do its work without having what it passes by.
  if (request.oldObject && equalJson(withoutOwners(object), withoutOwners(request.oldObject))) return undefined
  const { kind, name } = roleRef
  if (await may(request, 'bind', kind === 'ClusterRole' ? 'clusterroles' : 'roles', name, sources)) return undefined
  const { client } = sources
  // 404 where it does not exist: nobody knows what it would give.
  const role: Pick<ClusterRole, 'rules'> =
    kind === 'ClusterRole' ? await client.get(clusterRoles, '', name) : await client.get(roles, request.namespace, name)
  return excess(request, role.rules ?? [], sources)
}

function withoutOwners(object: KubeObject): KubeObject {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _managers, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, resourceVersion: '' } }
}

async function may(
  { user, namespace }: AdmissionRequest,
  verb: string,
  resource: string,
  name: string,
  { authorize }: EscalationSources,
): Promise<boolean> {
  const asked = { user, verb, group, version: 'v1', resource, subresource: '', namespace, name, path: '' }
  return (await authorize.call(asked))?.allowed === true
}

function lacking(request: AdmissionRequest, wanted: readonly Rule[], { policy }: EscalationSources): Rule[] {
  return uncovered(policy.rulesOf(request.user, request.namespace), wanted)
}

function excess(request: AdmissionRequest, wanted: readonly Rule[], sources: EscalationSources): AdmissionDenial | undefined {
  const rules = lacking(request, wanted, sources)
  if (rules.length === 0) return undefined
  const who = `user ${JSON.stringify(request.user.name)} (groups=${quoted(request.user.groups)})`
  const what = ruleLines(rules).join('\n')
  return denial(request, `${who} is attempting to grant RBAC permissions not currently held:\n${what}`)
}

function denial({ kind, name }: AdmissionRequest, why: string): AdmissionDenial {
  return { code: 403, reason: 'Forbidden', message: `${kind.resource}.${group} "${name}" is forbidden: ${why}` }
}
