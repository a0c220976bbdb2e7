/** Other servers: this one's address and documents, those that it stands in front of, webhooks, and agents of nodes. */
import type { KubeObject, OpenApiV2Part } from '../../kinds/contract.js'
import type { NodeStreams } from '../node-streams.js'
import type { UserInfo } from './requests.js'

/** Where the server listens, once started; also what agents and kubeconfigs need. */
export interface ApiAddress {
  /** "https://127.0.0.1:6443" */
  readonly url: string
  readonly host: string
  readonly port: number
  /** At what it listens: an address of this machine, or "0.0.0.0" for all of them. Absent: not known. */
  readonly bound?: string
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
  /**
   * What its `/openapi/v2` says of the group version: the same object until that changes, undefined where it says nothing
   * that can be read. Called for each reader of ours, also many times at once: answers within a second with what it knows
   * then, and never rejects. Absent: it is not asked.
   */
  openApiV2?(): Promise<OpenApiV2Part | undefined>
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

/**
 * How the API reaches the agent of a node for logs, exec, attach and port-forward. Agents of this process register
 * themselves; those of others are dialled by an implementation of the same interface.
 */
export interface NodeConnections {
  /** Registers the agent of a node. The returned function removes it; calling it twice is allowed. */
  register(node: string, streams: NodeStreams): () => void
  /** Undefined: it is not of this process, and nobody knows how to reach others. */
  get(node: string): NodeStreams | undefined
  /** Whether its agent is of this process. */
  has(node: string): boolean
  /** `dial` is asked for every node that is not of this process, and returns at once. The returned function undoes it. */
  reach(dial: (node: string) => NodeStreams): () => void
  /** At which port the agents of this process serve, and their Nodes say so; undefined: at none. */
  port: number | undefined
}
