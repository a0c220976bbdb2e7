/** What the pipeline is asked and what it answers with, and who may hold a request back. */
import type { Cause, Fence } from '../../client/contract.js'
import type { KubeObject, ResourceKind } from '../../kinds/contract.js'
import type { CachedObject, WatchBatch } from '../../watch/contract.js'
import type { RequestRecord } from './hooks.js'

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
