import { definePlugin } from '@davit/core/kernel'
import { type QueuedPod, QueueSort, type QueueSortPolicy } from '@davit/core/scheduler'

/**
 * Decides which waiting Pod is scheduled next: after its priority, the one that asks for least, so that many small ones
 * do not wait for a large one that fits nowhere. Exactly one queue order is used; without this plugin age decides.
 *
 * `less` must be a strict order over what never changes while a Pod waits. "Now minus queuedAt" would not be: the heap
 * in which the Pods stand would be wrong a moment later.
 */
const smallestFirst: QueueSortPolicy = {
  name: 'smallest-first',
  less: (a, b) => compare(a, b) < 0,
}

function compare(a: QueuedPod, b: QueuedPod): number {
  return (
    b.info.priority - a.info.priority ||
    a.info.requests.milliCpu - b.info.requests.milliCpu ||
    a.info.requests.memory - b.info.requests.memory ||
    a.queuedAt - b.queuedAt
  )
}

export default definePlugin({
  id: 'queue-smallest-first',
  api: '^1.0',
  provides: { sort: QueueSort },
  setup: async () => ({ provides: { sort: smallestFirst } }),
})
