/** Everything of the scheduler that lives for one term of its leadership: nothing of it outlasts the term. */
import { createEventRecorder, type LedWork, nodes, pods, type WhileLeading } from '../client/contract.js'
import type { Bag, Clock, Logger, Random, Static } from '../kernel/contract.js'
import { Binder } from './binder.js'
import { SchedulerCache } from './cache.js'
import type { schedulerConfig } from './config.js'
import type {
  BindPolicy,
  FilterPolicy,
  PermitPolicy,
  PostFilterPolicy,
  PreFilterPolicy,
  QueueSortPolicy,
  ReservePolicy,
  ScorePolicy,
} from './contract.js'
import { type Followed, followNodes, followPods, followPolicies } from './follow.js'
import { SchedulingQueue } from './queue.js'
import { Scheduler } from './scheduler.js'
import { StatusReporter } from './status.js'

export interface SessionOptions extends WhileLeading {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly config: Static<typeof schedulerConfig.schema>
  readonly actor: string
  readonly policies: {
    readonly sorts: Bag<QueueSortPolicy>
    readonly preFilters: Bag<PreFilterPolicy>
    readonly filters: Bag<FilterPolicy>
    readonly postFilters: Bag<PostFilterPolicy>
    readonly scores: Bag<ScorePolicy>
    readonly reserves: Bag<ReservePolicy>
    readonly permits: Bag<PermitPolicy>
    readonly binds: Bag<BindPolicy>
  }
}

export class SchedulerSession implements LedWork {
  readonly #options: SessionOptions
  readonly #scheduler: Scheduler
  readonly #followed: Followed
  readonly #abort = new AbortController()
  readonly #undo: (() => void)[] = []
  #stopped: Promise<void> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    const { clients, fence, clock, random, log, config, actor, policies } = options
    const { sorts, preFilters, filters, postFilters, scores, reserves, permits, binds } = policies
    const { schedulerName, percentageOfNodesToScore, bindsAtOnce, permitDeadlineMs } = config
    const client = clients.as({ name: 'system:kube-scheduler', manager: 'kube-scheduler' })
    const events = createEventRecorder({ client, turns: clients.eventTurns, clock, random, log, component: schedulerName })
    const cache = new SchedulerCache()
    const status = new StatusReporter({ client, clock, log, events })
    const binder = new Binder({ client, clock, log, reserves, permits, binds, permitDeadlineMs, fence })
    const queue = new SchedulingQueue({
      clock,
      sort: () => sorts.all()[0],
      wake: () => this.#scheduler.wake(),
      initialBackOffMs: config.initialBackOffMs,
      maximumBackOffMs: config.maximumBackOffMs,
    })
    const parts = { clock, random, log, cache, binder, status, events, preFilters, filters, postFilters, scores }
    this.#scheduler = new Scheduler({ ...parts, percentageOfNodesToScore, bindsAtOnce, actor }, queue)
    this.#followed = { cache, queue, status, preFilters, filters, schedulerName, actor }
    this.#undo.push(
      () => events.close(),
      () => queue.close(),
    )
  }

  async start(): Promise<void> {
    const { signal } = this.#abort
    try {
      await this.#begin(signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { clients, clock, policies, settled } = this.#options
    const { queue } = this.#followed
    const { sorts, preFilters, filters, postFilters } = policies
    // A policy that comes or goes may let a Pod fit that did not.
    for (const bag of [filters, preFilters, postFilters]) this.#undo.push(bag.onChange(() => queue.move()))
    this.#undo.push(sorts.onChange(() => queue.reorder()))
    this.#undo.push(followPolicies(preFilters, (helped) => queue.move(helped)))
    const [podInformer, nodeInformer] = [clients.informer(pods), clients.informer(nodes)]
    this.#undo.push(followNodes(nodeInformer, this.#followed))
    this.#undo.push(followPods(podInformer, this.#followed))
    await Promise.all([settled(nodeInformer, signal), settled(podInformer, signal)])
    // Handlers hear a turn later of what is there, and a cycle must know what is taken before it gives it away.
    await new Promise<void>((resolve) => clock.defer(resolve))
    this.#scheduler.begin()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#abort.abort(new Error('the scheduler stops'))
    await this.#scheduler.stop()
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }
}
