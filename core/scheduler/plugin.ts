import type { Informer } from '../client/contract.js'
import { ClientsToken, createEventRecorder, nodes, pods } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { Node, Pod } from '../kinds/contract.js'
import { Binder } from './binder.js'
import { isFinished, SchedulerCache } from './cache.js'
import { schedulerConfig } from './config.js'
import { Bind, Filter, Permit, PostFilter, PreFilter, QueueSort, Reserve, Score } from './contract.js'
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
    const client = received.clients.as({ name: 'system:kube-scheduler', manager: 'kube-scheduler' })
    const events = createEventRecorder({ client, clock, random, log, component: config.schedulerName })
    const cache = new SchedulerCache()
    const status = new StatusReporter({ client, clock, log, events })
    const { reserves, permits, binds } = received
    const binder = new Binder({ client, clock, reserves, permits, binds, permitDeadlineMs: config.permitDeadlineMs, signal })
    const queue = new SchedulingQueue({
      clock,
      sort: () => received.sorts.all()[0],
      wake: () => scheduler.wake(),
      initialBackOffMs: config.initialBackOffMs,
      maximumBackOffMs: config.maximumBackOffMs,
    })
    const { percentageOfNodesToScore, bindsAtOnce } = config
    const scheduler = new Scheduler(
      {
        clock,
        random,
        log,
        cache,
        binder,
        status,
        events,
        ...received,
        percentageOfNodesToScore,
        bindsAtOnce,
        actor: `scheduler-host@${context.version}`,
      },
      queue,
    )
    context.defer(() => events.close())
    context.defer(() => queue.close())
    context.defer(() => scheduler.stop())
    // A policy that comes or goes may let a Pod fit that did not.
    for (const bag of [received.filters, received.preFilters, received.postFilters])
      context.defer(bag.onChange(() => queue.moveAll()))
    context.defer(received.sorts.onChange(() => queue.reorder()))
    const podInformer = received.clients.informer(pods)
    const nodeInformer = received.clients.informer(nodes)
    return {
      async start() {
        context.defer(followNodes(nodeInformer, cache, queue))
        await nodeInformer.whenSynced(signal)
        context.defer(
          followPods(podInformer, cache, queue, status, {
            schedulerName: config.schedulerName,
            actor: `scheduler-host@${context.version}`,
          }),
        )
        await podInformer.whenSynced(signal)
      },
      drain: () => scheduler.stop(),
    }
  },
})

function followNodes(informer: Informer<Node>, cache: SchedulerCache, queue: SchedulingQueue): () => void {
  return informer.on({
    added(node) {
      cache.setNode(node)
      queue.moveAll()
    },
    updated(node, old) {
      cache.setNode(node)
      if (mayHelp(node, old)) queue.moveAll()
    },
    deleted: (node) => cache.removeNode(node.metadata.name ?? ''),
  })
}

/** Heartbeats come all the time; only these can make a node take a Pod that it refused. */
function mayHelp(node: Node, old: Node): boolean {
  const seen = ({ metadata, spec, status }: Node) =>
    JSON.stringify([metadata.labels, spec, status?.allocatable, status?.capacity])
  return seen(node) !== seen(old)
}

function followPods(
  informer: Informer<Pod>,
  cache: SchedulerCache,
  queue: SchedulingQueue,
  status: StatusReporter,
  own: { readonly schedulerName: string; readonly actor: string },
): () => void {
  const uidOf = (pod: Pod) => pod.metadata.uid ?? ''
  const seen = (pod: Pod, old?: Pod) => {
    if (pod.spec.nodeName || isFinished(pod)) {
      queue.delete(uidOf(pod))
      const released = cache.isPlaced(uidOf(pod)) && isFinished(pod)
      cache.setPod(pod)
      if (released) queue.moveAll()
      return
    }
    if ((pod.spec.schedulerName ?? own.schedulerName) !== own.schedulerName || pod.metadata.deletionTimestamp) {
      queue.delete(uidOf(pod))
      return
    }
    if (pod.spec.schedulingGates?.length) {
      const { namespace = '', name = '', resourceVersion = '' } = pod.metadata
      status.gated(pod, { actor: own.actor, trigger: { object: { resource: 'pods', namespace, name, resourceVersion } } })
      return
    }
    queue.set(
      pod,
      old !== undefined && JSON.stringify([old.spec, old.metadata.labels]) !== JSON.stringify([pod.spec, pod.metadata.labels]),
    )
  }
  return informer.on({
    added: (pod) => seen(pod),
    updated: seen,
    deleted(pod) {
      queue.delete(uidOf(pod))
      if (!cache.isPlaced(uidOf(pod))) return
      cache.removePod(uidOf(pod))
      queue.moveAll()
    },
  })
}
