/** Who may do what: asked of every request, granted by plugins, and told to users. */
import type { UserInfo } from './requests.js'

/** Asked of every request, also in-process ones. */
export interface AuthorizationRequest {
  readonly user: UserInfo
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  /** Of a Namespace itself its own name. */
  readonly namespace: string
  /** Also of a list or watch whose field selector names one object. */
  readonly name: string
  /** For requests beside the API's resources: '/healthz', '/version'. '' otherwise. */
  readonly path: string
  /** The field selector of a list, watch or deletecollection, as it was sent. */
  readonly fieldSelector?: string
}

/** `reason` is shown to the user. */
export interface AuthorizationVerdict {
  readonly allowed: boolean
  readonly reason: string
}

/**
 * What a plugin's own identity needs to do, and no more. Contributed by the plugin that acts under that name, and
 * honoured by the authorizer, beside the roles that users write.
 */
export interface Grant {
  /** "system:controller:deployment-controller". */
  readonly user: string
  readonly rules: readonly GrantRule[]
}

/** As a rule of a ClusterRole: every list must contain what is asked, or "*". */
export interface GrantRule {
  readonly apiGroups: readonly string[]
  /** "pods", "pods/status", "*\/scale" for that part of all. */
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/**
 * For SelfSubjectRulesReview (`kubectl auth can-i --list`): what an authorizer would allow. Synchronous, and only asked
 * for such a review. It decides nothing: the slot `authorize` does.
 */
export interface RuleLister {
  /** `namespace` '' asks for what holds everywhere. `incomplete` says in words why there may be more, where there may. */
  rulesOf(user: UserInfo, namespace: string): { readonly rules: readonly ListedRule[]; readonly incomplete?: string }
}

/** As a rule of a ClusterRole. */
export interface ListedRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[] | undefined
  readonly resources?: readonly string[] | undefined
  readonly resourceNames?: readonly string[] | undefined
  readonly nonResourceURLs?: readonly string[] | undefined
}
