import { definePlugin } from '@davit/core/kernel'
import { Permit, type PermitPolicy, type PodInfo, PreFilter, type PreFilterPolicy, stateKey } from '@davit/core/scheduler'

const groupLabel = 'gang.example.davit.dev/name'
const sizeAnnotation = 'gang.example.davit.dev/size'

/** How many of a Pod's gang have a node already, in the cycle that looks for one for it. */
const placed = stateKey<number>('gang')

/**
 * All or nothing: a Pod of a gang that found its node waits there until the whole gang has, and other Pods are scheduled
 * meanwhile. The count comes from the snapshot, in which Pods that wait here stand on their nodes already; so nothing
 * has to be remembered but whom to wake, and a restart forgets nothing.
 */
export default definePlugin({
  id: 'permit-gang',
  api: '^1.0',
  provides: { preFilter: PreFilter, permit: Permit },
  async setup() {
    const waiting = new Map<string, Set<() => void>>()
    const preFilter: PreFilterPolicy = {
      name: 'gang',
      preFilter(cycle, pod, { nodes }) {
        const group = groupOf(pod)
        if (group === undefined) return undefined
        const others = nodes.flatMap((node) => node.pods).filter((other) => groupOf(other) === group && other.key !== pod.key)
        cycle.set(placed, others.length)
        return undefined
      },
    }
    const permit: PermitPolicy = {
      name: 'gang',
      async permit(cycle, pod, _node, signal) {
        const group = groupOf(pod)
        if (group === undefined) return undefined
        if ((cycle.get(placed) ?? 0) + 1 >= sizeOf(pod)) {
          for (const wake of waiting.get(group) ?? []) wake()
          return undefined
        }
        const calls = waiting.get(group) ?? new Set()
        waiting.set(group, calls)
        await new Promise<void>((resolve) => {
          const wake = () => {
            calls.delete(wake)
            if (calls.size === 0) waiting.delete(group)
            resolve()
          }
          calls.add(wake)
          // The deadline came, or the scheduler stops: the host gives the place back, whatever is answered here.
          signal.addEventListener('abort', wake, { once: true })
        })
        return undefined
      },
    }
    return { provides: { preFilter, permit } }
  },
})

function groupOf({ pod }: PodInfo): string | undefined {
  const name = pod.metadata.labels?.[groupLabel]
  return name === undefined ? undefined : `${pod.metadata.namespace}/${name}`
}

function sizeOf({ pod }: PodInfo): number {
  return Number(pod.metadata.annotations?.[sizeAnnotation] ?? 1)
}
