/** What the policies say of a request: in the slot `validate`, where the object is final. */
import {
  AdmissionDecisions,
  type AdmissionDenial,
  type AdmissionRequest,
  type ApiHooks,
  admissionRequestValue,
  admittedNamespace,
  createRuleMatcher,
  type MatchCriteria,
} from '@davit/core/api'
import type { Client, Informer } from '@davit/core/client'
import type { Cel, KindRegistry, KubeObject, Namespace, ResourceKind } from '@davit/core/kinds'
import { evaluatePolicy, type Values } from './evaluation.js'
import { collectParams, paramKindOf } from './params.js'
import type { BoundPolicy, PolicySet } from './policy-set.js'
import { Verdict } from './verdict.js'

export interface AdmissionSources {
  readonly policies: PolicySet
  readonly hooks: ApiHooks
  readonly kinds: KindRegistry
  /** Reads parameters, of whatever kind they are. */
  readonly client: Client
  namespaces(): Informer<Namespace>
  readonly signal: AbortSignal
}

const ownGroup = 'admissionregistration.k8s.io'
const exempt = new Set([
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])
/** Nothing is created or changed by these, and they would lock out who has to mend a policy. */
function isExempt({ group, resource }: ResourceKind): boolean {
  return group === ownGroup && exempt.has(resource)
}

export function createAdmission(
  sources: AdmissionSources,
): (request: AdmissionRequest) => Promise<AdmissionDenial | undefined> | undefined {
  const { policies, kinds } = sources
  const matcher = createRuleMatcher(kinds)
  let namespaces: Informer<Namespace> | undefined
  let synced: Promise<void> | undefined

  async function namespaceOf(request: AdmissionRequest): Promise<KubeObject | undefined> {
    const name = admittedNamespace(request)
    if (name === '') return undefined
    namespaces ??= sources.namespaces()
    if (!namespaces.synced) {
      // One wait for all requests that come meanwhile.
      synced ??= namespaces.whenSynced(sources.signal)
      await synced
    }
    return namespaces.get('', name)
  }
  const covers = (criteria: MatchCriteria | undefined, request: AdmissionRequest, namespace: KubeObject | undefined) =>
    matcher.match(criteria ?? {}, request, namespace)

  /** Adds to the verdict what one policy says by all its bindings. */
  async function judge(
    bound: BoundPolicy,
    request: AdmissionRequest,
    namespace: KubeObject | undefined,
    verdict: Verdict,
  ): Promise<void> {
    const { policy } = bound
    const kind = covers(policy.spec.matchConstraints, request, namespace)
    if (!kind) return
    const paramKind = paramKindOf(policy, kinds)
    const { cel, policy: compiled } = await policies.compiled(policy)
    const decisions = new AdmissionDecisions(request, sources.hooks.authorize)
    const shown = await valuesOf(cel, request, kind, namespace, decisions)
    for (const binding of bound.bindings) {
      await verdict.guard(policy, binding, async () => {
        if (!covers(binding.spec.matchResources, request, namespace)) return
        for (const params of await collectParams(paramKind, binding, request.namespace, sources)) {
          const values = policy.spec.paramKind ? { ...shown, params: params === undefined ? null : cel.value(params) } : shown
          verdict.add(policy, binding, await evaluatePolicy(cel, compiled, policy.spec, values, decisions))
        }
      })
    }
  }

  async function valuesOf(
    cel: Cel,
    request: AdmissionRequest,
    kind: ResourceKind,
    namespace: KubeObject | undefined,
    decisions: AdmissionDecisions,
  ): Promise<Values> {
    const shown = async (object: KubeObject | undefined) =>
      object === undefined ? null : cel.value(await matcher.convert(object, request.kind, kind))
    return {
      object: await shown(request.object),
      oldObject: await shown(request.oldObject),
      request: admissionRequestValue(cel, request, kind),
      namespaceObject: request.kind.namespaced && namespace ? cel.value(namespace) : null,
      authorizer: decisions.value(cel),
    }
  }

  async function admit(request: AdmissionRequest): Promise<undefined> {
    const namespace = await namespaceOf(request)
    const verdict = new Verdict(request)
    for (const bound of policies.bound)
      await verdict.guard(bound.policy, undefined, () => judge(bound, request, namespace, verdict))
    verdict.conclude()
    return undefined
  }
  return (request) => (isExempt(request.kind) ? undefined : admit(request))
}
