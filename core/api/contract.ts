/**
 * The API: what a request goes through, whoever sends it. HTTPS requests and in-process clients enter the same pipeline
 * after the transport: authenticate → authorise → decode, default → admit (mutate) → validate → admit (validate) → one
 * store transaction → the stored bytes are the reply.
 */
import type { Cause, FailureStatus, Fence } from '../client/contract.js'
import type { Slot, Token } from '../kernel/contract.js'
import { many, one } from '../kernel/contract.js'
import type { KindRegistry, KubeObject, LabelSelectorSpec, ResourceKind } from '../kinds/contract.js'
import type { CachedObject, EventEncoder, WatchBatch } from '../watch/contract.js'
import type { JwtClaims } from './jwt.js'
import type { NodeStreams } from './node-streams.js'

export { isSignedBy, type Jwt, type JwtClaims, jwtAlgorithms, readJwt } from './jwt.js'

export { admittedNamespace, createRuleMatcher } from './match-rules.js'
export { createNotes } from './notes.js'
export { remoteHeaders } from './remote-headers.js'
export { AdmissionDecisions, admissionRequestType, admissionRequestValue, conditionsHold } from './request-values.js'

export const KindsToken: Token<KindRegistry, 'one'> = one<KindRegistry>('api.kinds/v1')
export const ApiHooksToken: Token<ApiHooks, 'one'> = one<ApiHooks>('api.hooks/v1')
export const ApiPipelineToken: Token<ApiPipeline, 'one'> = one<ApiPipeline>('api.pipeline/v1')
export const AuthenticatorToken: Token<Authenticator, 'many'> = many<Authenticator>('api.authenticator/v1')
export const ApiEndpointToken: Token<ApiEndpoint, 'many'> = many<ApiEndpoint>('api.endpoint/v1')
export const ApiDelegatesToken: Token<ApiDelegates, 'many'> = many<ApiDelegates>('api.delegates/v1')
export const FrontProxyToken: Token<FrontProxy, 'one'> = one<FrontProxy>('api.front-proxy/v1')
export const GrantToken: Token<Grant, 'many'> = many<Grant>('api.grant/v1')
export const RequestLimiterToken: Token<RequestLimiter, 'many'> = many<RequestLimiter>('api.request-limiter/v1')
export const RuleListerToken: Token<RuleLister, 'many'> = many<RuleLister>('api.rule-lister/v1')
export const NodeConnectionsToken: Token<NodeConnections, 'one'> = one<NodeConnections>('api.node-connections/v1')
export const WebhookCallerToken: Token<WebhookCaller, 'one'> = one<WebhookCaller>('api.webhook-caller/v1')
export const TokenIssuerToken: Token<TokenIssuer, 'one'> = one<TokenIssuer>('api.token-issuer/v1')
export const CertificateSignerToken: Token<CertificateSigner, 'one'> = one<CertificateSigner>('api.certificate-signer/v1')
export const ApiAddressToken: Token<ApiAddress, 'one'> = one<ApiAddress>('api.address/v1')

// -------------------------------------------------------------------------------------------------------- requests

export interface UserInfo {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'connect'

/** A request on a resource, after the transport and authentication. */
export interface ApiRequest {
  readonly verb: ApiVerb
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource?: string
  /** '' for cluster scope or all namespaces. */
  readonly namespace: string
  /** '' for a collection. */
  readonly name: string
  /** The query, first value of each key: `labelSelector`, `limit`, `dryRun`, `fieldValidation`, … */
  readonly query: Readonly<Record<string, string>>
  readonly user: UserInfo
  readonly userAgent: string
  /** The decoded body: an object tree (JSON, YAML or protobuf, decoded by the transport). Never changed by the pipeline. */
  readonly body?: unknown
  /** Duplicate fields that the transport found in the text, for strict validation. */
  readonly duplicates?: readonly string[]
  /** For patches: which kind. */
  readonly patchType?: 'json' | 'merge' | 'strategic' | 'apply'
  readonly cause?: Cause
  readonly signal?: AbortSignal
  /**
   * Where admission writes what it has to say beside its verdict. Whoever wants to read it after a refusal, too, or to log
   * it, brings one along; the pipeline makes one for a write that has none.
   */
  readonly notes?: RequestNotes
  /** Of a leader, whose term may have ended while admission took its time or its process stood still. */
  readonly fence?: Fence | undefined
  /** Of a request that the transport writes down itself; the pipeline makes one for others, where somebody listens. */
  readonly record?: RequestRecord
}

/** Made by `createNotes`, one for each request. What a lost race made admission say twice stands here once. */
export interface RequestNotes {
  /** In the order in which they were first said. They go into the reply, of a refusal as well. */
  readonly warnings: readonly string[]
  /** For the audit log: "policy.example/key" → value. */
  readonly annotations: ReadonlyMap<string, string>
  warn(text: string): void
  /** The first value of a key stays. */
  audit(key: string, value: string): void
}

export type ApiResult =
  /** One object. `item` where it is a stored one: send its bytes as they are. */
  | {
      readonly type: 'object'
      readonly code: 200 | 201 | 202
      readonly object: KubeObject
      readonly item?: CachedObject
      readonly warnings: readonly string[]
    }
  | {
      readonly type: 'list'
      readonly kind: ResourceKind
      readonly items: readonly CachedObject[]
      /** '' of objects that are not stored. */
      readonly resourceVersion: string
      readonly continue?: string
      readonly remainingItemCount?: number
      readonly warnings?: readonly string[]
    }
  | { readonly type: 'watch'; readonly kind: ResourceKind; open(sink: WatchSink): { close(): void } }

export interface WatchSink {
  /** Events as they come; `batch.frames(encoder)` joins and shares them. */
  batch(batch: WatchBatch): void
  bookmark(resourceVersion: string, annotations?: Readonly<Record<string, string>>): void
  /** An ERROR event to send (410 Expired), or undefined for an ordinary end (`timeoutSeconds`, shutdown). */
  end(status?: KubeObject): void
}
export type { EventEncoder }

export interface ApiPipeline {
  /** Whether other servers may serve the same objects at the same time: the store says so. */
  readonly shared: boolean
  /**
   * Rejects with `ApiError` (core/client) for every refusal: the transport turns its Status into the reply. Safe to call
   * concurrently. `log`, `exec`, `attach`, `portforward` and `proxy` answer with the object itself, once the user may:
   * the stream is the transport's. A watch begins only with `open`, and its sink hears from a later turn on.
   */
  handle(request: ApiRequest): Promise<ApiResult>
}

// ----------------------------------------------------------------------------------------------------------- hooks

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
 * Holds back requests that would take too much of the server from others. Asked by the transport for each request once it
 * is known who sends it and its body is there, before anything is done for it; clients in this process are not asked for,
 * nor are streams into Pods. With several each is asked.
 */
export interface RequestLimiter {
  /**
   * `undefined`: go on, and it need not hear of the end. Otherwise the function to call at the end, once; of a watch, when
   * it has begun. A promise holds the request back; it rejects with an `ApiError`, usually 429, to refuse it.
   */
  enter(request: LimitedRequest): Pass | undefined | Promise<Pass | undefined>
}
export type Pass = () => void
export interface LimitedRequest {
  readonly user: UserInfo
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace: string
  /** For paths beside the API's objects; '' otherwise. */
  readonly path: string
  /** The client is gone: nobody waits for an answer any more. */
  closed(): boolean
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

/**
 * Tried in order of the owner's id until one answers with a user; none: 401. Called for each request that has credentials
 * of its kind, also many times at once, and by TokenReview: must be fast, so what it finds out it keeps. Must not throw
 * for foreign credentials.
 */
export interface Authenticator {
  readonly name: string
  /**
   * Undefined: the credentials are not of its kind. A failure: they are, and are not good; others are asked nevertheless.
   */
  authenticate(credentials: Credentials): Promise<Authentication> | Authentication
}
export type Authentication = AuthenticatedUser | AuthenticationFailure | undefined
export interface AuthenticatedUser extends UserInfo {
  /**
   * Which of `Credentials.audiences` the token is meant for. Absent: the authenticator knows of none, so what it takes is
   * meant for the API itself.
   */
  readonly audiences?: readonly string[]
}
/** Told to who may review tokens; a client that tries to get in hears no reason. */
export interface AuthenticationFailure {
  readonly failure: string
}
export interface Credentials {
  /** Without "Bearer ". */
  readonly token?: string
  /** Of whom the token must be meant for one. Absent: for the API itself. */
  readonly audiences?: readonly string[]
  /** Subject of a client certificate that the cluster's CA signed and TLS verified. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] }
  /** With neither token nor certificate: the path that is asked for without saying who asks. */
  readonly path?: string
}

/** The cluster's own tokens: JSON Web Tokens under its own key. Whether what they say is still so, authenticators ask. */
export interface TokenIssuer {
  /** Who signs: the claim `iss`. */
  readonly issuer: string
  /** Whom a token must be meant for to be taken by the API; never empty. */
  readonly audiences: readonly string[]
  /** Seconds that a token lives at most. */
  readonly maxSeconds: number
  /** Whether the tokens that are mounted into Pods of themselves outlive their time; see `core/api/token-request.ts`. */
  readonly extendMounted: boolean
  /** Signs the claims as they are. Rejects where the key can neither be read nor made. */
  sign(claims: JwtClaims): Promise<string>
  /** The claims of a token that this cluster signed; nothing of what they say is checked, neither time nor issuer. */
  verify(token: string): Promise<JwtClaims | undefined>
  /** The public keys, as a JSON Web Key Set. */
  keys(): Promise<{ readonly keys: readonly object[] }>
}

/** Where the server listens, once started; also what agents and kubeconfigs need. */
export interface ApiAddress {
  /** "https://127.0.0.1:6443" */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Where Pods reach it, behind the Service `default/kubernetes`; absent where they do not. */
  readonly endpoint?: { readonly host: string; readonly port: number }
  /** PEM of the CA that signed the server's certificate. */
  readonly ca: string
  readonly kubeconfig: string
}

/**
 * A read-only document beside the API's objects: what Davit tells about itself. Reading it is authorised like any path,
 * so by default only administrators may.
 */
export interface ApiEndpoint {
  /** "/davit/v1/plugins": begins with /davit/ where no standard asks for another place. */
  readonly path: string
  /** Default: application/json. */
  readonly contentType?: string
  /** Called for each GET; the answer, or what it resolves to, is sent as JSON. */
  get(): unknown
}

// ------------------------------------------------------------------------------------------------------ aggregation

/** Group versions that other servers answer for. Requests on them are authorised here, and then carried on whole. */
export interface ApiDelegates {
  /** In order of preference. The same array until something changes: it is read for each request. */
  all(): readonly ApiDelegate[]
  /** Called after each change: documents of discovery are made anew. */
  onChange(listener: () => void): () => void
}
/** As it stands: a change makes a new one. */
export interface ApiDelegate {
  readonly group: string
  readonly version: string
  /** False: requests are refused with 503 unasked, and discovery marks its resources as stale. */
  readonly available: boolean
  /** `APIResource`s, as the server last told them; empty where it never did. */
  readonly resources: readonly object[]
  /** `serverRelativeURL` of its OpenAPI v3 document, where it has one. */
  readonly openApi?: string
  /** Where to send a request. Asked for each one; undefined: nowhere. */
  locate(): DelegateAddress | undefined
  /**
   * GET of a path, with its query, for a client of this process who may do that: the object of the answer. Called for get
   * and list, also many times at once. Rejects with the `ApiError` of the other server, with 503 where there is no answer.
   * Absent: it answers those alone who come over HTTPS.
   */
  read?(path: string, user: UserInfo, signal?: AbortSignal): Promise<KubeObject>
}
export interface DelegateAddress {
  readonly host: string
  readonly port: number
  /** That its certificate must be for. */
  readonly serverName: string
  /** PEM; absent: the machine's own trust. */
  readonly ca?: string
  /** False: any certificate will do. */
  readonly verify: boolean
}

/** As whom this server sends requests on in the name of users. */
export interface FrontProxy {
  /**
   * PEM. Made and stored at the first call, so that a cluster without other servers has none. Those trust `authority` to
   * say who a user is (`requestheader-client-ca-file`), and nothing else does.
   */
  identity(): Promise<{ readonly key: string; readonly certificate: string; readonly authority: string }>
  /** PEM of the CA of the cluster's own client certificates. */
  readonly clientAuthority: string
}

// --------------------------------------------------------------------------------------------------------- webhooks

/**
 * How a user says where a webhook is: of the same form in webhook configurations and in conversions of custom
 * resources. Either `url` or `service`.
 */
export interface WebhookClientConfig {
  /** "https://host:port/path". */
  readonly url?: string
  /** A ready endpoint of it is called; its certificate is for "<name>.<namespace>.svc". Default port 443, path "/". */
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string; readonly port?: number }
  /** Base64 of the PEM that the server's certificate is verified with. Absent or empty: the machine's own trust. */
  readonly caBundle?: string
}
export interface WebhookCall {
  readonly clientConfig: WebhookClientConfig
  /** Sent as JSON. */
  readonly body: object
  /** For the whole call, in milliseconds. */
  readonly timeoutMs: number
  /** Put into the URL's query: `{ timeout: '10s' }`. */
  readonly query?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}
/**
 * `message` is for users, in the words of Kubernetes: `Post "https://…": context deadline exceeded`. `unreachable`: no
 * reply came (also: no such service, no ready endpoint, a certificate that is not trusted, cancelled by the signal).
 * `timeout`: none in time. `status`: another code than 2xx, which `code` is. `reply`: no JSON, or far too much.
 */
export type WebhookReply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false
      readonly kind: 'unreachable' | 'timeout' | 'status' | 'reply'
      readonly message: string
      readonly code?: number
    }
/** Connections are kept and shared. Safe to call concurrently; what the reply means is the caller's. */
export interface WebhookCaller {
  /** Never rejects for what a webhook does. Not retried, but for a kept connection that turns out to be closed. */
  call(call: WebhookCall): Promise<WebhookReply>
}

// ------------------------------------------------------------------------------------------------ streams to a node

/**
 * How the API reaches the agent of a node for logs, exec, attach and port-forward. Agents of this process register
 * themselves; remote ones are dialled by an implementation of the same interface.
 */
export interface NodeConnections {
  /** Registers the agent of a node. The returned function removes it; calling it twice is allowed. */
  register(node: string, streams: NodeStreams): () => void
  get(node: string): NodeStreams | undefined
}
export type * from './node-streams.js'

// --------------------------------------------------------------------------------------------------- certificates

/** What a request for a certificate says of itself; its sender holds the key. */
export interface RequestedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: number
  readonly ipAddresses: number
  /** E-mail addresses, URIs and whatever else there is. */
  readonly otherNames: number
}
export interface SigningTerms {
  /** In Kubernetes' words; those that the certificate gets. Nothing but "digital signature", "key encipherment", "client auth", "server auth". */
  readonly usages: readonly string[]
  /** Milliseconds from now; the certificate never outlives the CA. */
  readonly lifetimeMs: number
}

/**
 * Signs with the cluster's CA, whose key stays where it is. Whether a request may be signed is the caller's to say: a
 * certificate of this CA lets in whoever it names. Requests are PEM of PKCS #10; both methods reject with an error that
 * says what is wrong where one cannot be read or was not signed by its own key. Both may be called concurrently.
 */
export interface CertificateSigner {
  read(request: string): Promise<RequestedCertificate>
  /** PEM of the certificate, with the subject and the alternative names as they were sent. */
  sign(request: string, terms: SigningTerms): Promise<string>
}
