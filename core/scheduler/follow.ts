/** From the events of Nodes and Pods to the cache and the queue. */
import type { Informer } from '../client/contract.js'
import type { Bag } from '../kernel/contract.js'
import type { Node, Pod } from '../kinds/contract.js'
import { equalJson } from '../kinds/contract.js'
import { isFinished, type SchedulerCache } from './cache.js'
import type { FilterPolicy, PodInfo, PreFilterPolicy } from './contract.js'
import type { SchedulingQueue } from './queue.js'
import { podInfo } from './requests.js'
import type { StatusReporter } from './status.js'

export interface Followed {
  readonly cache: SchedulerCache
  readonly queue: SchedulingQueue
  readonly status: StatusReporter
  readonly preFilters: Bag<PreFilterPolicy>
  readonly filters: Bag<FilterPolicy>
  readonly schedulerName: string
  readonly actor: string
}

/** Lets the policies say when something else than Pods and nodes changed, each as long as it is there. */
export function followPolicies(policies: Bag<PreFilterPolicy>, retry: (helped: (pod: PodInfo) => boolean) => void): () => void {
  const undos = new Map<PreFilterPolicy, () => void>()
  const sync = (): void => {
    const present = new Set(policies.all())
    for (const [policy, undo] of undos) {
      if (present.has(policy)) continue
      undos.delete(policy)
      undo()
    }
    for (const policy of present) if (policy.follow && !undos.has(policy)) undos.set(policy, policy.follow(retry))
  }
  sync()
  const stop = policies.onChange(sync)
  return () => {
    stop()
    for (const undo of undos.values()) undo()
    undos.clear()
  }
}

export function followNodes(informer: Informer<Node>, { cache, queue }: Followed): () => void {
  return informer.on({
    added(node) {
      cache.setNode(node)
      queue.move()
    },
    updated(node, old) {
      cache.setNode(node)
      if (mayHelp(node, old)) queue.move()
    },
    deleted: (node) => cache.removeNode(node.metadata.name ?? ''),
  })
}

/** Heartbeats come all the time; only these can make a node take a Pod that it refused. */
function mayHelp(node: Node, old: Node): boolean {
  return !equalJson(whatCounts(node), whatCounts(old))
}

function whatCounts({ metadata, spec, status }: Node): object {
  return {
    spec,
    labels: metadata.labels,
    annotations: metadata.annotations,
    allocatable: status?.allocatable,
    capacity: status?.capacity,
    conditions: status?.conditions?.map((condition) => [condition.type, condition.status]),
  }
}

export function followPods(informer: Informer<Pod>, followed: Followed): () => void {
  const { cache, queue } = followed
  const seen = (pod: Pod) => podSeen(pod, followed)
  return informer.on({
    added: seen,
    updated: seen,
    deleted({ metadata: { uid = '' } }) {
      queue.delete(uid)
      if (cache.removePod(uid)) queue.move()
    },
  })
}

/** Level-triggered: the same Pod may be seen again and again. */
function podSeen(pod: Pod, followed: Followed): void {
  const { queue, status, schedulerName, actor } = followed
  const { metadata, spec } = pod
  const { uid = '', namespace = '', name = '', resourceVersion = '' } = metadata
  if (spec.nodeName || isFinished(pod)) {
    queue.delete(uid)
    placedSeen(pod, followed)
  } else if ((spec.schedulerName ?? schedulerName) !== schedulerName || metadata.deletionTimestamp) {
    queue.delete(uid)
  } else if (spec.schedulingGates?.length) {
    status.gated(pod, { actor, trigger: { object: { resource: 'pods', namespace, name, resourceVersion } } })
  } else {
    queue.set(pod)
  }
}

function placedSeen(pod: Pod, { cache, queue, filters, preFilters }: Followed): void {
  const { uid = '', labels } = pod.metadata
  const before = cache.placed(uid)?.pod
  if (cache.setPod(pod)) {
    queue.move()
    return
  }
  const policies = [...preFilters.all(), ...filters.all()].filter((policy) => policy.helpedBy)
  if (policies.length === 0 || isFinished(pod)) return
  // An assumed Pod was seen by every cycle since, but not by those that had found no node before.
  if (before?.spec.nodeName && equalJson(before.metadata.labels, labels)) return
  const other = podInfo(pod)
  queue.move((waiting) => policies.some((policy) => policy.helpedBy?.(waiting, other)))
}
