/** Where plugins take part in every request. */
import type { Cause, FailureStatus } from '../../client/contract.js'
import type { Slot } from '../../kernel/contract.js'
import type { KubeObject, ResourceKind } from '../../kinds/contract.js'
import type { CachedObject } from '../../watch/contract.js'
import type { AdmissionDenial, AdmissionRequest } from './admission.js'
import type { AuthorizationRequest, AuthorizationVerdict } from './authorization.js'
import type { ApiRequest, ApiResult, RequestNotes, UserInfo } from './requests.js'

export interface ApiHooks {
  /**
   * asyncBail: the first verdict counts; `undefined` passes on. No verdict at all is a refusal (403). Members of
   * `system:masters` are allowed before the slot is asked. Called for every request: must be fast.
   */
  readonly authorize: Slot<[AuthorizationRequest], Promise<AuthorizationVerdict | undefined> | AuthorizationVerdict | undefined>
  /**
   * asyncWaterfall over the object: a tap returns a changed copy, or undefined to leave it. The object is unfrozen and
   * its own: a tap may also change it in place. Runs after defaulting, and defaulting runs again after it. A denial is
   * thrown as an `ApiError`.
   */
  readonly mutate: Slot<[KubeObject, AdmissionRequest], Promise<KubeObject | undefined> | KubeObject | undefined>
  /** asyncBail: the first denial counts. The object is final. */
  readonly validate: Slot<[AdmissionRequest], Promise<AdmissionDenial | undefined> | AdmissionDenial | undefined>
  /** sync: a write is committed and visible. For ledgers and metrics; must not throw. */
  readonly committed: Slot<[CommittedWrite], void>
  /**
   * sync: a request passes a stage; for audit logs. Called for requests over HTTPS, also those that are refused before
   * anybody knows who sends them, and for those of this process's own clients. Once for each stage that a request has, in
   * order; without taps no record is made. The record is the same object at each stage and fills up on the way. Must not
   * throw, and must not wait.
   */
  readonly requests: Slot<[RequestStage, RequestRecord], void>
}

/** `ResponseStarted` only where the reply goes on for longer than the request: watches, logs, execs and the like. */
export type RequestStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete'

export interface RequestRecord {
  /** Also sent as the header `Audit-Id`. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly received: number
  /** As authorised: "list", "connect" as "create"; of a path the method in lower case. */
  readonly verb: string
  /** Path and query as sent; of a client in this process what it would have sent. */
  readonly uri: string
  readonly userAgent: string
  /** Closest client last; empty for a client in this process. */
  readonly sourceIPs: readonly string[]
  /** Absent for paths beside the API's objects. */
  readonly target?: Pick<ApiRequest, 'group' | 'version' | 'resource' | 'subresource' | 'namespace' | 'name'>
  /** Who proved to be who; undefined where nobody did. */
  user?: UserInfo
  impersonated?: UserInfo
  /** Undefined where the request ended before it was asked. */
  decision?: AuthorizationVerdict
  /** The HTTP code of the reply, from the moment it is known. */
  code: number
  /** What the pipeline was given and what it answered with: shared, and not to be changed. */
  body?: unknown
  result?: ApiResult
  failure?: FailureStatus
  notes?: RequestNotes
}

export interface CommittedWrite {
  readonly verb: 'create' | 'update' | 'delete'
  readonly kind: ResourceKind
  readonly item: CachedObject
  readonly user: UserInfo
  readonly cause?: Cause
}
