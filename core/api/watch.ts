/** Watches: where they start, when they end, and their bookmarks. */
import { ApiError } from '../client/contract.js'
import { DavitError, type Timer } from '../kernel/contract.js'
import { type FieldError, forbidden, type KubeObject } from '../kinds/contract.js'
import type { Revision } from '../store/contract.js'
import type { CachedObject, Scope } from '../watch/contract.js'
import type { ApiRequest, ApiResult, WatchSink } from './contract.js'
import { notOlderThan, refresh } from './fresh.js'
import { booleanOption, integerOption, invalidOptions, parseVersion, unsupported } from './options.js'
import type { Resource } from './resource.js'
import { scopeOf } from './scope.js'
import type { ApiServices } from './services.js'
import { stateBatches, viewedBatch } from './watch-batch.js'
import { storeRefusal } from './writes.js'

const bookmarkMs = 60_000
/** Without a wish of the client a watch ends after 30 to 60 minutes, so that watches spread over servers again. */
const shortestMs = 1_800_000
/** So long before its end a watch tells how far it has come. */
const lastBookmarkMs = 2_000

interface WatchPlan {
  readonly scope: Scope
  /** Send the present state first. */
  readonly state: boolean
  /** And say where it ends: the client asked for a streamed list. */
  readonly stateEnd: boolean
  /** Where to begin otherwise; undefined: at the newest. */
  readonly after: Revision | undefined
  readonly bookmarks: boolean
  readonly timeoutMs: number
}

export async function watch(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const plan = await planWatch(services, resource, request)
  return {
    type: 'watch',
    kind: resource.kind,
    open(sink) {
      const running = new Running(services, resource, plan, sink)
      return { close: () => running.close() }
    },
  }
}

async function planWatch(services: ApiServices, resource: Resource, request: ApiRequest): Promise<WatchPlan> {
  const bookmarks = booleanOption(request, 'allowWatchBookmarks') ?? false
  const initial = booleanOption(request, 'sendInitialEvents')
  checkWatchOptions(request, initial, bookmarks)
  const scope = scopeOf(resource, request)
  const version = parseVersion(request.query.resourceVersion)
  const seconds = integerOption(request, 'timeoutSeconds') ?? 0
  if (version === undefined) await refresh(services, resource, request.signal)
  else await notOlderThan(services, resource, version, request.signal)
  return {
    scope,
    state: initial ?? (version === undefined || version === 0),
    stateEnd: initial === true,
    after: version === 0 ? undefined : version,
    bookmarks,
    timeoutMs: seconds > 0 ? seconds * 1000 : Math.floor(shortestMs * (1 + services.random.next())),
  }
}

function checkWatchOptions(request: ApiRequest, initial: boolean | undefined, bookmarks: boolean): void {
  const match = request.query.resourceVersionMatch ?? ''
  const errors: FieldError[] = []
  const forbid = (field: string, text: string): void => {
    errors.push(forbidden(field, text))
  }
  if (initial !== undefined) {
    if (match !== 'NotOlderThan') {
      forbid('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
    }
    if (initial && !bookmarks) forbid('allowWatchBookmarks', 'sendInitialEvents requires setting allowWatchBookmarks to true')
  } else if (match !== '') {
    forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
  }
  if (match !== '' && match !== 'NotOlderThan') errors.push(unsupported('resourceVersionMatch', match, ['NotOlderThan']))
  if (errors.length > 0) throw invalidOptions('ListOptions', errors)
}

/** One open watch. */
class Running {
  readonly #services: ApiServices
  readonly #resource: Resource
  readonly #plan: WatchPlan
  readonly #sink: WatchSink
  readonly #timers: Timer[] = []
  readonly #unfollow: (() => void) | undefined
  /** What was told last, where telling has to wait for a conversion. */
  #telling: Promise<void> = Promise.resolve()
  #subscription: { close(): void } | undefined
  /** Everything up to here is told. */
  #told: Revision
  #closed = false

  constructor(services: ApiServices, resource: Resource, plan: WatchPlan, sink: WatchSink) {
    this.#services = services
    this.#resource = resource
    this.#plan = plan
    this.#sink = sink
    const { cache } = resource
    // What is there now is the state, though the caller hears of it in a later turn, when it has its handle.
    const state = plan.state ? cache.list(plan.scope) : undefined
    this.#told = state?.revision ?? plan.after ?? cache.revision
    // A user's kind that is defined anew, or no longer, is another one: who watches it begins again.
    const { kind } = resource
    const isServed = (): boolean => services.kinds.resource(kind.group, kind.version, kind.resource) === kind
    if (kind.custom) this.#unfollow = services.kinds.onChange(() => void (isServed() || this.#end(undefined)))
    services.clock.defer(() => this.#start(state?.items))
  }

  #start(state: readonly CachedObject[] | undefined): void {
    if (this.#closed) return
    const { scope, stateEnd, bookmarks, timeoutMs } = this.#plan
    const { cache } = this.#resource
    if (state) {
      const told = this.#told
      this.#tell(
        () => state,
        () => {
          for (const batch of stateBatches(state.map(this.#resource.show), told)) this.#sink.batch(batch)
          if (stateEnd) this.#sink.bookmark(String(told), { 'k8s.io/initial-events-end': 'true' })
        },
      )
      if (this.#closed) return
    }
    this.#subscription = cache.subscribe(
      { ...scope, after: this.#told, ...(bookmarks ? { progressMs: bookmarkMs } : {}) },
      {
        batch: (batch) => {
          this.#told = batch.upTo
          this.#tell(
            () => batch.events.map(({ item }) => item),
            () => this.#sink.batch(viewedBatch(this.#resource, batch)),
          )
        },
        progress: (revision) => {
          this.#told = revision
          this.#tell(undefined, () => this.#sink.bookmark(String(revision)))
        },
        end: (error) => this.#end(this.#statusOf(error)),
      },
    )
    this.#arm(timeoutMs, () => this.#end(undefined))
    if (bookmarks && timeoutMs > 2 * lastBookmarkMs) {
      this.#arm(timeoutMs - lastBookmarkMs, () => {
        const told = String(this.#told)
        this.#tell(undefined, () => this.#sink.bookmark(told))
      })
    }
  }

  /** At once, but where items are converted first: then in the order of the calls. */
  #tell(items: (() => readonly CachedObject[]) | undefined, tell: () => void): void {
    const { prepare } = this.#resource
    if (!prepare) {
      tell()
      return
    }
    this.#telling = this.#telling
      .then(() => (this.#closed || !items ? undefined : prepare(items())))
      .then(() => {
        if (!this.#closed) tell()
      })
      .catch((error: unknown) => this.#end(statusObject(error instanceof ApiError ? error : ApiError.internal(error))))
  }

  #arm(ms: number, run: () => void): void {
    this.#timers.push(this.#services.clock.setTimer(ms, run, { unref: true }))
  }

  #statusOf(error: Error): KubeObject | undefined {
    if (!(error instanceof DavitError)) return statusObject(ApiError.internal(error))
    switch (error.code) {
      case 'DAVIT_STORE_COMPACTED':
        return statusObject(ApiError.tooOld(this.#told, this.#services.store.compacted))
      case 'DAVIT_STORE_CLOSED':
        return undefined
      default:
        return statusObject(storeRefusal(error))
    }
  }

  #end(status: KubeObject | undefined): void {
    if (this.#closed) return
    this.close()
    this.#sink.end(status)
  }

  close(): void {
    this.#closed = true
    this.#unfollow?.()
    for (const timer of this.#timers) timer.cancel()
    this.#subscription?.close()
  }
}

const statusObject = (error: ApiError): KubeObject => error.status as unknown as KubeObject
