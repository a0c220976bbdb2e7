/** The loop: from the queue through a cycle to a binding. Cycles run one at a time; bindings run beside them. */
import type { Cause, EventRecorder } from '../client/contract.js'
import type { Bag, Clock, Logger, Random } from '../kernel/contract.js'
import type { Binder } from './binder.js'
import type { SchedulerCache } from './cache.js'
import type { FilterPolicy, PostFilterPolicy, PreFilterPolicy, QueuedPod, Rejection, ScorePolicy } from './contract.js'
import { type Choice, type CycleOutcome, enoughNodes, runCycle } from './cycle.js'
import type { SchedulingQueue } from './queue.js'
import { unschedulableMessage } from './report.js'
import { MapCycleState } from './state.js'
import type { StatusReporter } from './status.js'

export interface SchedulerOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly cache: SchedulerCache
  readonly binder: Binder
  readonly status: StatusReporter
  readonly events: EventRecorder
  readonly preFilters: Bag<PreFilterPolicy>
  readonly filters: Bag<FilterPolicy>
  readonly postFilters: Bag<PostFilterPolicy>
  readonly scores: Bag<ScorePolicy>
  readonly percentageOfNodesToScore: number
  readonly bindsAtOnce: number
  readonly actor: string
}

/** Cycles in a row before other work gets its turn. */
const sliceMs = 4

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #queue: SchedulingQueue
  readonly #misbehaved = new Set<string>()
  #start = 0
  #binding = 0
  #scheduled = false
  #stopped = false
  #drained: (() => void) | undefined

  constructor(options: SchedulerOptions, queue: SchedulingQueue) {
    this.#options = options
    this.#queue = queue
  }

  /** There may be something to do; runs in a later turn. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    this.#options.clock.defer(() => {
      this.#scheduled = false
      this.#slice()
    })
  }

  /** Starts no further cycle, and waits for the bindings under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#binding === 0) return
    await new Promise<void>((resolve) => {
      this.#drained = resolve
    })
  }

  #slice(): void {
    const { clock, bindsAtOnce } = this.#options
    const end = clock.monotonic() + sliceMs
    while (!this.#stopped && this.#binding < bindsAtOnce) {
      const queued = this.#queue.pop()
      if (!queued) return
      this.#schedule(queued)
      if (clock.monotonic() >= end) {
        this.wake()
        return
      }
    }
  }

  #schedule(queued: QueuedPod): void {
    const { cache, random } = this.#options
    const snapshot = cache.snapshot()
    const state = new MapCycleState()
    const policies = {
      preFilters: this.#options.preFilters.all(),
      filters: this.#options.filters.all(),
      scores: this.#options.scores.all(),
    }
    const outcome = runCycle(state, queued.info, snapshot, policies, {
      random,
      start: this.#start,
      enough: enoughNodes(snapshot.nodes.length, this.#options.percentageOfNodesToScore),
      outOfRange: (policy, score) => this.#outOfRange(policy, score),
    })
    this.#start = outcome.nextStart
    if (!outcome.node) {
      this.#unschedulable(queued, state, outcome)
      return
    }
    const node = outcome.node.name
    const reserved = this.#options.binder.reserve(state, queued.info, node)
    if (reserved.rejection) {
      this.#refused(queued, reserved.rejection)
      return
    }
    cache.assume(queued.info, node)
    this.#binding += 1
    void this.#bind(queued, state, node, outcome.choice, reserved.undo)
  }

  async #bind(queued: QueuedPod, state: MapCycleState, node: string, choice: Choice, undo: () => void): Promise<void> {
    const { binder, cache, events, log } = this.#options
    const { pod, key } = queued.info
    const uid = pod.metadata.uid ?? ''
    try {
      const outcome = await binder.bind(state, queued.info, node, this.#cause(queued, choice))
      if (outcome === 'bound') {
        events.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node}`)
        return
      }
      undo()
      cache.forget(uid)
      if (outcome !== 'gone') this.#refused(queued, outcome.rejection)
    } catch (error) {
      undo()
      cache.forget(uid)
      log.warn({ pod: key, node, error: String(error) }, 'binding failed; the Pod is tried again')
      this.#queue.retry(queued)
    } finally {
      this.#binding -= 1
      if (this.#binding === 0) this.#drained?.()
      this.wake()
    }
  }

  #unschedulable(queued: QueuedPod, state: MapCycleState, outcome: Extract<CycleOutcome, { node?: undefined }>): void {
    const { cache, postFilters, status } = this.#options
    const snapshot = cache.snapshot()
    const message = unschedulableMessage(snapshot.nodes.length, outcome.rejections, outcome.refused)
    this.#queue.unschedulable(queued)
    for (const policy of outcome.refused ? [] : postFilters.all()) {
      const plan = policy.postFilter(state, queued.info, snapshot, outcome.rejections)
      if (!plan) continue
      status.makeRoom(queued.info, plan, this.#cause(queued))
      break
    }
    status.unschedulable(queued.info, message, this.#cause(queued))
  }

  #refused(queued: QueuedPod, rejection: Rejection): void {
    this.#queue.retry(queued)
    this.#options.status.unschedulable(queued.info, rejection.reason, this.#cause(queued))
  }

  #cause({ info }: QueuedPod, choice?: Choice): Cause {
    const { namespace = '', name = '', resourceVersion = '' } = info.pod.metadata
    const considered = choice && [
      `${choice.feasible} nodes would do; score ${choice.score}`,
      ...(choice.runnerUp ? [`${choice.runnerUp.node}: score ${choice.runnerUp.score}`] : []),
    ]
    return {
      actor: this.#options.actor,
      trigger: { object: { resource: 'pods', namespace, name, resourceVersion } },
      ...(considered && { considered }),
    }
  }

  #outOfRange(policy: string, score: number): void {
    if (this.#misbehaved.has(policy)) return
    this.#misbehaved.add(policy)
    this.#options.log.warn({ policy, score }, 'a score policy answered outside 0 to 100; its scores are clamped')
  }
}
