/** The condition by which a pod that is evicted says so before it goes. */
import type { Pod, PodCondition } from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'
import { checkPreconditions } from './delete.js'
import type { Deletion } from './delete-options.js'
import { onFresh, reach } from './fresh.js'
import type { Resource } from './resource.js'
import { type ApiServices, timestamp } from './services.js'
import { writeObject } from './writes.js'

const evicted = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
} as const

/**
 * A write of its own, as in Kubernetes, so that who watches sees why also of a pod that goes at once. It is the server's:
 * admission is not asked and nobody owns it. The answer is the deletion to go on with: a version that was wanted is the
 * new one now. 409 where the pod is not the one that was meant.
 */
export async function markDisrupted(
  services: ApiServices,
  pods: Resource,
  request: ApiRequest,
  deletion: Deletion,
): Promise<Deletion> {
  for (;;) {
    const version = await onFresh(services, pods, request, async (item) => {
      const pod = pods.show(item).object as Pod
      checkPreconditions(pods, pod, deletion)
      const conditions = withEviction(pod.status?.conditions ?? [], timestamp(services.clock.now()))
      if (conditions === undefined) return { result: pod.metadata.resourceVersion, committed: false }
      const { resourceVersion: _version, ...metadata } = pod.metadata
      const object: Pod = { ...pod, metadata, status: { ...pod.status, conditions } }
      const written = await writeObject(services, { request, resource: pods, verb: 'update', object, current: item })
      if (written.ok) return { result: written.item.object.metadata.resourceVersion, committed: true }
      await reach(pods, written.result.revision, request.signal)
      return undefined
    })
    if (version !== undefined) return deletion.resourceVersion ? { ...deletion, resourceVersion: version } : deletion
  }
}

/** Undefined where it stands there already. It stays where it is, and its time moves only with its status. */
function withEviction(conditions: readonly PodCondition[], now: string): PodCondition[] | undefined {
  const at = conditions.findIndex(({ type }) => type === evicted.type)
  const before = conditions[at]
  if (before === undefined) return [...conditions, { ...evicted, lastTransitionTime: now }]
  const since = before.status === evicted.status ? (before.lastTransitionTime ?? now) : now
  if (since === before.lastTransitionTime && before.reason === evicted.reason && before.message === evicted.message)
    return undefined
  return conditions.with(at, { ...before, ...evicted, lastTransitionTime: since })
}
