/**
 * Nobody hands out more than he has: a role may hold, and a binding may give, only what its writer is allowed himself,
 * unless he is allowed the verb `escalate` or `bind` on it.
 */
import type { AdmissionDenial, AdmissionRequest, ApiHooks } from '@davit/core/api'
import { type Client, clusterRoles, isNotFound, roles } from '@davit/core/client'
import type { ClusterRole, ClusterRoleBinding, KubeObject } from '@davit/core/kinds'
import { uncovered } from './coverage.js'
import type { Policy } from './policy.js'
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
/** As many as a reader can use. */
const shown = 10

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
  const [wanted, old] = [rulesIn(object as ClusterRole), request.oldObject && rulesIn(request.oldObject as ClusterRole)]
  if (old && JSON.stringify(old) === JSON.stringify(wanted)) return undefined
  if (await may(request, 'escalate', request.kind.resource, request.name, sources)) return undefined
  return excess(request, wanted, sources)
}

async function bindingDenial(
  request: AdmissionRequest,
  object: KubeObject,
  sources: EscalationSources,
): Promise<AdmissionDenial | undefined> {
  const { roleRef, subjects } = object as ClusterRoleBinding
  const old = request.oldObject as ClusterRoleBinding | undefined
  // It cannot point elsewhere, so nobody gains: who may write it may change its labels, and the collector its owners.
  if (old && JSON.stringify(old.subjects) === JSON.stringify(subjects)) return undefined
  const { kind, name } = roleRef
  if (await may(request, 'bind', kind === 'ClusterRole' ? 'clusterroles' : 'roles', name, sources)) return undefined
  const role = await roleNamed(kind, request.namespace, name, sources)
  if (!role) return denial(request, `binds what is not there: ${kind} "${name}" does not exist`)
  return excess(request, rulesIn(role), sources)
}

/** What others will put into an aggregating role is not known: it may be anything. */
function rulesIn({ rules, aggregationRule }: ClusterRole): readonly Rule[] {
  return [...(rules ?? []), ...(aggregationRule ? everything : [])]
}

async function roleNamed(
  kind: string,
  namespace: string,
  name: string,
  { client }: EscalationSources,
): Promise<ClusterRole | undefined> {
  try {
    return await (kind === 'ClusterRole' ? client.get(clusterRoles, '', name) : client.get(roles, namespace, name))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
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

function excess(request: AdmissionRequest, wanted: readonly Rule[], { policy }: EscalationSources): AdmissionDenial | undefined {
  const lacking = uncovered(policy.rulesOf(request.user, request.namespace), wanted)
  if (lacking.length === 0) return undefined
  const what = lacking.slice(0, shown).map((rule) => JSON.stringify(rule))
  return denial(request, `is attempting to grant RBAC permissions not currently held:\n${what.join('\n')}`)
}

function denial({ kind, name, user }: AdmissionRequest, why: string): AdmissionDenial {
  const who = `user "${user.name}" (groups=${JSON.stringify(user.groups)})`
  return { code: 403, reason: 'Forbidden', message: `${kind.resource}.${group} "${name}" is forbidden: ${who} ${why}` }
}
