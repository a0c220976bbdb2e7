/** What admission sees of a write, and which writes a rule is about. */
import type { KubeObject, LabelSelectorSpec, ResourceKind } from '../../kinds/contract.js'
import type { UserInfo } from './requests.js'

/**
 * `object` is absent for a delete; `oldObject` for a create. Both as stored, in the request's version. Of a connection
 * (`exec`, `proxy`, …) the object are its options: `PodExecOptions`, without a name. `pods/binding` and `pods/eviction`
 * are asked about twice: as CREATE of the Binding or Eviction, then about what that does to the pod.
 */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly kind: ResourceKind
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly object?: KubeObject
  readonly oldObject?: KubeObject
  readonly user: UserInfo
  readonly dryRun: boolean
  /**
   * `CreateOptions`, `UpdateOptions` or `DeleteOptions` of the request, made when asked for; undefined for a connection.
   * Absent where the server acts by itself. Needs no `this`.
   */
  readonly options?: () => object | undefined
  /**
   * A warning to whoever sent the request (header `Warning`), whatever becomes of it. Needs no `this`. A stream that changes
   * the protocol of its connection has no reply that could carry it: there it reaches the audit log alone.
   */
  warn(text: string): void
  /** An annotation of the request in the audit log: `key` is "<plugin's domain>/<name>", and its first value stays. Needs no `this`. */
  audit(key: string, value: string): void
}

/** A refusal. `code` 403 unless something else is meant; `message` is shown as it is. */
export interface AdmissionDenial {
  readonly code: number
  readonly reason: string
  readonly message: string
}

/** Which requests a webhook or an admission policy is about. Absent selectors select everything. */
export interface MatchCriteria {
  /** At least one has to cover the request. Absent or empty: all requests are covered. */
  readonly resourceRules?: readonly MatchRule[] | undefined
  /** None may. */
  readonly excludeResourceRules?: readonly MatchRule[] | undefined
  /** Of the object's namespace; what lies in none is selected. A Namespace counts as lying in itself. */
  readonly namespaceSelector?: LabelSelectorSpec | undefined
  /** Of the object or, for an update, of what it was. */
  readonly objectSelector?: LabelSelectorSpec | undefined
  /** `Equivalent`: a rule covers a request that reaches the same stored objects by another group or version. */
  readonly matchPolicy?: string | undefined
}

/** `NamedRuleWithOperations` and `RuleWithOperations` are ones. "*" stands for all; a list that is absent covers nothing. */
export interface MatchRule {
  readonly operations?: readonly string[] | undefined
  readonly apiGroups?: readonly string[] | undefined
  readonly apiVersions?: readonly string[] | undefined
  /** "pods", "pods/status", "pods/*", "*" (no subresources), "*" + "/*". */
  readonly resources?: readonly string[] | undefined
  readonly scope?: string | undefined
  /** Absent or empty: every name. A name that is yet to be generated is ''. */
  readonly resourceNames?: readonly string[] | undefined
}

/** Made by `createRuleMatcher`, once for a plugin. Pure but for what it remembers; follows kinds that come and go. */
export interface RuleMatcher {
  /**
   * The kind as which the rules cover the request: its own, or with `Equivalent` another version of it, into which `convert`
   * turns its objects. Undefined where the request is not meant. `namespace` is the one that `admittedNamespace` names,
   * and asked for only where a selector needs it: throws 404 if it is absent then.
   */
  match(criteria: MatchCriteria, request: AdmissionRequest, namespace: KubeObject | undefined): ResourceKind | undefined
  /**
   * `object` in another version, which `match` has found. Shares parts with its argument. Custom resources may be converted
   * by a webhook: rejects with `ApiError` 500 where that fails.
   */
  convert(object: KubeObject, from: ResourceKind, to: ResourceKind): Promise<KubeObject>
}
