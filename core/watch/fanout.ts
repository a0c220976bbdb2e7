import type { Clock, Logger } from '../kernel/contract.js'
import type { Revision } from '../store/contract.js'
import { type Change, SharedBatch } from './change.js'
import type { Scope, SubscribeOptions, Subscriber, WatchBatch } from './contract.js'
import type { HistorySink } from './history.js'
import type { ProgressTimer } from './progress.js'
import type { Ring } from './ring.js'
import { eventsFor, scopeText } from './scope.js'
import { Member } from './subscription.js'

/** What the fan-out needs of its cache. */
export interface Source {
  readonly ring: Ring
  /** All changes up to here are applied. */
  readonly revision: Revision
  /** False while it loads. */
  readonly steady: boolean
  replay(scope: Scope, after: Revision, sink: HistorySink): { close(): void }
}

/** Subscribers that see the same. `live` ones have had everything that was delivered; the others are on their way. */
interface Group {
  readonly text: string
  readonly scope: Scope
  readonly live: Set<Member>
  readonly joining: Set<Member>
}

/**
 * Tells the changes of one resource to its subscribers. Changes gather until a later turn, so that the commits of one
 * turn make one batch, the writer's reply goes first, and each group is worked out once.
 */
export class Fanout {
  readonly #source: Source
  readonly #clock: Clock
  readonly #log: Logger
  readonly #progress: ProgressTimer
  readonly #groups = new Map<string, Group>()
  #pending: Change[] = []
  #scheduled = false
  /** Revision of the last change that was delivered to the live ones. */
  #delivered: Revision = 0
  #error: Error | undefined
  subscribers = 0
  events = 0

  constructor(source: Source, clock: Clock, log: Logger, progress: ProgressTimer) {
    this.#source = source
    this.#clock = clock
    this.#log = log
    this.#progress = progress
  }

  /** The change stands in the ring already. */
  publish(change: Change): void {
    this.#pending.push(change)
    this.schedule()
  }

  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.defer(() => {
      this.#scheduled = false
      if (this.#source.steady) this.#flush()
    })
  }

  add(options: SubscribeOptions, subscriber: Subscriber): { close(): void } {
    const member = new Member(options, subscriber, this.#log, () => this.#position())
    if (this.#error !== undefined) {
      const error = this.#error
      this.#clock.defer(() => member.end(error))
      return { close: () => member.close() }
    }
    const group = this.#groupOf(options)
    member.left = () => this.#leave(group, member)
    this.subscribers += 1
    if (this.#standsWithLive(options.after)) this.#goLive(group, member)
    else {
      group.joining.add(member)
      this.schedule()
    }
    return { close: () => member.close() }
  }

  /** Ends every subscription, and every later one. */
  end(error: Error): void {
    this.#error = error
    for (const group of [...this.#groups.values()]) for (const member of [...group.live, ...group.joining]) member.end(error)
  }

  // Who is told is settled before anybody is: a subscriber may subscribe and close while it is told.
  #flush(): void {
    const changes = this.#pending
    const upTo = this.#source.revision
    this.#pending = []
    this.events += changes.length
    this.#delivered = changes.at(-1)?.revision ?? this.#delivered
    const told = changes.length === 0 ? [] : this.#batches(changes, upTo)
    const groups = [...this.#groups.values()]
    const now = this.#progress.now()
    for (const { members, batch } of told) for (const member of members) member.batch(batch, now)
    for (const group of groups) if (group.joining.size > 0) this.#join(group, upTo)
    for (const change of changes) change.settle()
  }

  #batches(changes: readonly Change[], upTo: Revision): { members: Member[]; batch: WatchBatch }[] {
    const batches = []
    for (const group of this.#groups.values()) {
      if (group.live.size === 0) continue
      const events = eventsFor(group.scope, changes)
      if (events.length > 0) batches.push({ members: [...group.live], batch: new SharedBatch(events, upTo) })
    }
    return batches
  }

  /** Brings those on their way up to `upTo`; who begins at the same place gets the same batch. */
  #join(group: Group, upTo: Revision): void {
    const { ring } = this.#source
    const batches = new Map<Revision, WatchBatch | undefined>()
    const now = this.#progress.now()
    for (const member of [...group.joining]) {
      if (member.after > upTo || member.closed || member.replaying) continue
      if (member.after < ring.floor) {
        this.#replay(group, member)
        continue
      }
      if (!batches.has(member.after)) {
        const events = eventsFor(group.scope, ring.since(member.after))
        batches.set(member.after, events.length === 0 ? undefined : new SharedBatch(events, upTo))
      }
      const batch = batches.get(member.after)
      this.#goLive(group, member)
      if (batch !== undefined) member.batch(batch, now)
    }
  }

  #replay(group: Group, member: Member): void {
    const handle = this.#source.replay(group.scope, member.after, {
      batch: (batch) => member.batch(batch, this.#progress.now()),
      caughtUp: (revision) => {
        member.after = revision
        member.replaying = undefined
        this.schedule()
      },
      end: (error) => member.end(error),
    })
    member.replaying = handle
  }

  /** All up to here is told to the live ones. */
  #position(): Revision {
    const [next] = this.#pending
    return next === undefined ? this.#source.revision : next.revision - 1
  }

  #standsWithLive(after: Revision): boolean {
    const next = this.#pending[0]?.revision ?? Number.POSITIVE_INFINITY
    const delivered = Math.max(this.#delivered, this.#source.ring.floor)
    return this.#source.steady && after >= delivered && after < next && after <= this.#source.revision
  }

  #goLive(group: Group, member: Member): void {
    group.joining.delete(member)
    group.live.add(member)
    if (member.progressMs === 0) return
    member.heard = this.#progress.now()
    this.#progress.add(member)
  }

  #leave(group: Group, member: Member): void {
    this.subscribers -= 1
    group.live.delete(member)
    group.joining.delete(member)
    this.#progress.remove(member)
    if (group.live.size + group.joining.size === 0 && this.#groups.get(group.text) === group) this.#groups.delete(group.text)
  }

  #groupOf(scope: Scope): Group {
    const text = scopeText(scope)
    let group = this.#groups.get(text)
    if (group === undefined) {
      group = { text, scope, live: new Set(), joining: new Set() }
      this.#groups.set(text, group)
    }
    return group
  }
}
