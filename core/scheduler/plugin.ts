import { ClientsToken, createEventRecorder, nodes, pods } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { Binder } from './binder.js'
import { SchedulerCache } from './cache.js'
import { schedulerConfig } from './config.js'
import { Bind, Filter, Permit, PostFilter, PreFilter, QueueSort, Reserve, Score } from './contract.js'
import { type Followed, followNodes, followPods, followPolicies } from './follow.js'
import { SchedulingQueue } from './queue.js'
import { Scheduler } from './scheduler.js'
import { StatusReporter } from './status.js'

/** The scheduler host: runs the cycle over the policies that plugins contribute. */
export const schedulerHost = definePlugin({
  id: 'scheduler-host',
  api: '^1.0',
  stage: 'control',
  requires: {
    clients: ClientsToken,
    sorts: QueueSort,
    preFilters: PreFilter,
    filters: Filter,
    postFilters: PostFilter,
    scores: Score,
    reserves: Reserve,
    permits: Permit,
    binds: Bind,
  },
  config: schedulerConfig,
  async setup(context, received) {
    const { clock, random, log, config, signal } = context
    const { clients, sorts, preFilters, filters, postFilters, scores, reserves, permits, binds } = received
    const { schedulerName, percentageOfNodesToScore, bindsAtOnce, permitDeadlineMs } = config
    const actor = `scheduler-host@${context.version}`
    const client = clients.as({ name: 'system:kube-scheduler', manager: 'kube-scheduler' })
    const events = createEventRecorder({ client, turns: clients.eventTurns, clock, random, log, component: schedulerName })
    context.defer(() => events.close())
    const cache = new SchedulerCache()
    const status = new StatusReporter({ client, clock, log, events })
    const binder = new Binder({ client, clock, log, reserves, permits, binds, permitDeadlineMs })
    const queue = new SchedulingQueue({
      clock,
      sort: () => sorts.all()[0],
      wake: () => scheduler.wake(),
      initialBackOffMs: config.initialBackOffMs,
      maximumBackOffMs: config.maximumBackOffMs,
    })
    context.defer(() => queue.close())
    const policies = { preFilters, filters, postFilters, scores }
    const loop = { clock, random, log, cache, binder, status, events, ...policies, percentageOfNodesToScore, bindsAtOnce, actor }
    const scheduler = new Scheduler(loop, queue)
    context.defer(() => scheduler.stop())
    // A policy that comes or goes may let a Pod fit that did not.
    for (const bag of [filters, preFilters, postFilters]) context.defer(bag.onChange(() => queue.move()))
    context.defer(sorts.onChange(() => queue.reorder()))
    context.defer(followPolicies(preFilters, (helped) => queue.move(helped)))
    const followed: Followed = { cache, queue, status, preFilters, filters, schedulerName, actor }
    const podInformer = clients.informer(pods)
    const nodeInformer = clients.informer(nodes)
    return {
      async start() {
        context.defer(followNodes(nodeInformer, followed))
        context.defer(followPods(podInformer, followed))
        await Promise.all([nodeInformer.whenSynced(signal), podInformer.whenSynced(signal)])
        // Handlers hear a turn later of what is there, and a cycle must know what is taken before it gives it away.
        await new Promise<void>((resolve) => clock.defer(resolve))
        scheduler.begin()
      },
      drain: () => scheduler.stop(),
    }
  },
})
