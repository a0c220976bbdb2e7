/**
 * Pods that wait for a node. `active`: to be tried now, in the policy's order. `backing off`: tried in vain, and tried
 * again when their time comes. `unschedulable`: no node would do; they wait until something changes that could help.
 */

import type { Clock, Timer } from '../kernel/contract.js'
import { equalJson, type Pod } from '../kinds/contract.js'
import type { PodInfo, QueuedPod, QueueSortPolicy } from './contract.js'
import { Heap } from './heap.js'
import { podInfo } from './requests.js'

interface Waiting extends QueuedPod {
  readonly uid: string
  /** Of coming, where nothing else tells two apart. */
  readonly order: number
  info: PodInfo
  attempts: number
  /** Not before this time, milliseconds since 1970. */
  retryAt: number
  state: 'active' | 'backingOff' | 'unschedulable' | 'inCycle'
  /** A helpful change came while its cycle ran: try again instead of waiting for the next. */
  moved: boolean
}
export interface QueueOptions {
  readonly clock: Clock
  readonly sort: () => QueueSortPolicy | undefined
  /** Called when a Pod became active after none was. */
  readonly wake: () => void
  readonly initialBackOffMs: number
  readonly maximumBackOffMs: number
}

export class SchedulingQueue {
  readonly #options: QueueOptions
  readonly #all = new Map<string, Waiting>()
  readonly #active: Heap<Waiting>
  readonly #backingOff = new Heap<Waiting>((a, b) => a.retryAt < b.retryAt || (a.retryAt === b.retryAt && a.order < b.order))
  /** Those that a change may help: unschedulable or in their cycle. */
  readonly #hoping = new Set<Waiting>()
  #timer: { at: number; timer: Timer } | undefined
  #orders = 0

  constructor(options: QueueOptions) {
    this.#options = options
    this.#active = new Heap((a, b) => {
      const policy = options.sort()
      if (policy?.less(a, b) ?? byPriorityThenAge(a, b)) return true
      return a.order < b.order && !(policy?.less(b, a) ?? byPriorityThenAge(b, a))
    })
  }

  get counts(): { readonly active: number; readonly backingOff: number; readonly unschedulable: number } {
    const unschedulable = [...this.#hoping].filter(({ state }) => state === 'unschedulable').length
    return { active: this.#active.size, backingOff: this.#backingOff.size, unschedulable }
  }

  /** A new or changed Pod without a node. A change of what it asks for makes it active again. */
  set(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const known = this.#all.get(uid)
    if (!known) {
      this.#add(uid, podInfo(pod))
      return
    }
    const changed = known.info.pod !== pod && asksOtherwise(known.info.pod, pod)
    // A heap must not see the order of what it holds change.
    const wasActive = this.#active.delete(known)
    known.info = podInfo(pod)
    if (wasActive) this.#active.push(known)
    else if (changed && this.#hoping.has(known)) this.#move(known)
  }

  delete(uid: string): void {
    const waiting = this.#all.get(uid)
    if (!waiting) return
    this.#all.delete(uid)
    this.#active.delete(waiting)
    this.#backingOff.delete(waiting)
    this.#hoping.delete(waiting)
  }

  has(uid: string): boolean {
    return this.#all.has(uid)
  }

  /** The next to try; it stays known until `delete` (it has a node) or `unschedulable` / `retry` (it has none). */
  pop(): QueuedPod | undefined {
    const waiting = this.#active.pop()
    if (!waiting) return undefined
    waiting.attempts += 1
    waiting.state = 'inCycle'
    waiting.moved = false
    this.#hoping.add(waiting)
    return waiting
  }

  /** No node will do until something changes. */
  unschedulable(queued: QueuedPod): void {
    const waiting = queued as Waiting
    if (this.#all.get(waiting.uid) !== waiting || waiting.state !== 'inCycle') return
    waiting.retryAt = this.#options.clock.now() + this.#delay(waiting.attempts)
    waiting.state = 'unschedulable'
    if (waiting.moved) this.#move(waiting)
  }

  /** It failed for a reason that time may mend. */
  retry(queued: QueuedPod): void {
    const waiting = queued as Waiting
    if (this.#all.get(waiting.uid) !== waiting || waiting.state !== 'inCycle') return
    waiting.retryAt = this.#options.clock.now() + this.#delay(waiting.attempts)
    this.#backOff(waiting)
  }

  /** Something changed that could make room: those that found no node are tried again, each after its back-off. */
  move(helped: (pod: PodInfo) => boolean = () => true): void {
    for (const waiting of this.#hoping) if (helped(waiting.info)) this.#move(waiting)
  }

  /** The order itself changed. */
  reorder(): void {
    this.#active.rebuild()
  }

  close(): void {
    this.#timer?.timer.cancel()
    this.#timer = undefined
    for (const uid of this.#all.keys()) this.delete(uid)
  }

  #add(uid: string, info: PodInfo): void {
    this.#orders += 1
    const queuedAt = this.#options.clock.now()
    const waiting: Waiting = {
      uid,
      order: this.#orders,
      info,
      queuedAt,
      attempts: 0,
      retryAt: 0,
      state: 'active',
      moved: false,
    }
    this.#all.set(uid, waiting)
    this.#activate(waiting)
  }

  #move(waiting: Waiting): void {
    if (waiting.state === 'inCycle') waiting.moved = true
    else if (waiting.retryAt <= this.#options.clock.now()) this.#activate(waiting)
    else this.#backOff(waiting)
  }

  #activate(waiting: Waiting): void {
    this.#hoping.delete(waiting)
    waiting.state = 'active'
    const first = this.#active.size === 0
    this.#active.push(waiting)
    if (first) this.#options.wake()
  }

  #backOff(waiting: Waiting): void {
    this.#hoping.delete(waiting)
    waiting.state = 'backingOff'
    this.#backingOff.push(waiting)
    this.#arm(waiting.retryAt)
  }

  #arm(at: number): void {
    if (this.#timer && this.#timer.at <= at) return
    this.#timer?.timer.cancel()
    const { clock } = this.#options
    this.#timer = { at, timer: clock.setTimer(Math.max(0, at - clock.now()), () => this.#flush(), { unref: true }) }
  }

  #flush(): void {
    this.#timer = undefined
    const now = this.#options.clock.now()
    for (let waiting = this.#backingOff.pop(); waiting; waiting = this.#backingOff.pop()) {
      if (waiting.retryAt > now) {
        this.#backOff(waiting)
        return
      }
      this.#activate(waiting)
    }
  }

  #delay(attempts: number): number {
    const { initialBackOffMs, maximumBackOffMs } = this.#options
    return Math.min(maximumBackOffMs, initialBackOffMs * 2 ** Math.min(attempts - 1, 30))
  }
}

function byPriorityThenAge(a: QueuedPod, b: QueuedPod): boolean {
  if (a.info.priority !== b.info.priority) return a.info.priority > b.info.priority
  return a.queuedAt < b.queuedAt
}

/** Only its spec and its labels say what a Pod asks for; its status changes each time it is tried. */
function asksOtherwise(old: Pod, pod: Pod): boolean {
  return !equalJson(old.spec, pod.spec) || !equalJson(old.metadata.labels, pod.metadata.labels)
}
