/** The loop: from the queue through a cycle to a binding. Cycles run one at a time; bindings run beside them. */
import type { Cause, EventRecorder } from '../client/contract.js'
import type { Bag, Clock, Logger, Random } from '../kernel/contract.js'
import type { Binder } from './binder.js'
import type { SchedulerCache } from './cache.js'
import type { FilterPolicy, PostFilterPolicy, PreFilterPolicy, QueuedPod, Rejection, ScorePolicy } from './contract.js'
import { type Choice, enoughNodes, type NoNode, policyFailed, runCycle } from './cycle.js'
import type { SchedulingQueue } from './queue.js'
import { unschedulableMessage } from './report.js'
import { MapCycleState } from './state.js'
import type { StatusReporter } from './status.js'
import { Turns } from './turns.js'

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

/** A node for a Pod, from its cycle to its binding. */
interface Placement {
  readonly queued: QueuedPod
  readonly state: MapCycleState
  readonly node: string
  readonly cause: Cause
  readonly undo: () => void
}

/** Cycles in a row before other work gets its turn. */
const sliceMs = 4

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #queue: SchedulingQueue
  readonly #misbehaved = new Set<string>()
  readonly #turns: Turns
  readonly #idle: (() => void)[] = []
  #start = 0
  #underWay = 0
  #scheduled = false
  #state: 'waiting' | 'running' | 'stopped' = 'waiting'

  constructor(options: SchedulerOptions, queue: SchedulingQueue) {
    this.#options = options
    this.#queue = queue
    this.#turns = new Turns(options.bindsAtOnce)
  }

  /** Everything that is placed already is in the cache: cycles may run. */
  begin(): void {
    if (this.#state === 'waiting') this.#state = 'running'
    this.wake()
  }

  /** There may be something to do; runs in a later turn. */
  wake(): void {
    if (this.#scheduled || this.#state !== 'running') return
    this.#scheduled = true
    this.#options.clock.defer(() => {
      this.#scheduled = false
      this.#slice()
    })
  }

  /** Starts no further cycle, and waits for the bindings under way. Idempotent. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#options.binder.stop()
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #slice(): void {
    const { clock } = this.#options
    const end = clock.monotonic() + sliceMs
    while (this.#state === 'running' && this.#turns.free) {
      const queued = this.#queue.pop()
      if (!queued) return
      try {
        this.#schedule(queued)
      } catch (error) {
        this.#failed(queued, error)
      }
      if (clock.monotonic() >= end) {
        this.wake()
        return
      }
    }
  }

  #schedule(queued: QueuedPod): void {
    const { cache, random, binder } = this.#options
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
    const { rejection, undo } = binder.reserve(state, queued.info, node)
    if (rejection) {
      this.#refused(queued, rejection)
      return
    }
    cache.assume(queued.info, node)
    void this.#place({ queued, state, node, cause: this.#cause(queued, outcome.choice), undo })
  }

  /** Runs beside the next cycles; never rejects. */
  async #place(placement: Placement): Promise<void> {
    const { queued } = placement
    this.#underWay += 1
    try {
      await this.#permitAndBind(placement)
    } catch (error) {
      this.#takeBack(placement)
      this.#failed(queued, error)
    }
    this.#underWay -= 1
    if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.wake()
  }

  async #permitAndBind(placement: Placement): Promise<void> {
    const { binder, events, status } = this.#options
    const { queued, node, cause } = placement
    // What its cycle saw: the queue may come to know a newer revision meanwhile.
    const { info } = queued
    const permission = binder.permit(placement.state, info, node)
    // Only those that bind count: a gang that waits to be complete must not keep its last members from their cycles.
    const refused = permission && (await permission)
    if (refused) {
      this.#takeBack(placement)
      this.#refused(queued, refused)
      return
    }
    await this.#turns.take()
    try {
      await status.written(info)
      const outcome = await binder.bind(info, node, cause)
      if (outcome === 'bound') {
        events.record(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${node}`)
        return
      }
      this.#takeBack(placement)
      if (outcome === 'lost') this.#queue.retry(queued)
      else this.#refused(queued, outcome.rejection)
    } finally {
      this.#turns.giveBack()
    }
  }

  #takeBack({ queued, undo }: Placement): void {
    undo()
    this.#options.cache.forget(queued.info.pod.metadata.uid ?? '')
  }

  #unschedulable(queued: QueuedPod, state: MapCycleState, outcome: NoNode): void {
    const { cache, postFilters, status } = this.#options
    const snapshot = cache.snapshot()
    const message = unschedulableMessage(snapshot.nodes.length, outcome)
    const cause = this.#cause(queued)
    for (const policy of outcome.refused ? [] : postFilters.all()) {
      const plan = planOf(policy, () => policy.postFilter(state, queued.info, snapshot, outcome.rejections))
      if (!plan) continue
      status.makeRoom(queued.info, plan, cause)
      break
    }
    this.#queue.unschedulable(queued)
    status.noNode(queued.info, 'Unschedulable', message, cause)
  }

  #refused(queued: QueuedPod, { reason }: Rejection): void {
    this.#queue.retry(queued)
    if (this.#state !== 'stopped') this.#options.status.noNode(queued.info, 'Unschedulable', reason, this.#cause(queued))
  }

  /** A bug of a policy, or an API that does not answer: the Pod is tried again, and the others are not kept. */
  #failed(queued: QueuedPod, error: unknown): void {
    const { log, status } = this.#options
    const { key } = queued.info
    log.warn({ pod: key, error }, 'scheduling failed; the Pod is tried again')
    this.#queue.retry(queued)
    const message = error instanceof Error ? error.message : String(error)
    if (this.#state !== 'stopped') status.noNode(queued.info, 'SchedulerError', message, this.#cause(queued))
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

function planOf<T>(policy: PostFilterPolicy, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw policyFailed(policy.name, error)
  }
}
