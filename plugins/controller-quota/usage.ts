/** What a quota's namespace takes now. Pure. */
import {
  type Amounts,
  addQuantities,
  equalJson,
  type KubeObject,
  type Pod,
  type QuotaResource,
  quotaFollowsUpdates,
  quotaNames,
  quotaReleaseTime,
  quotaScopesMatch,
  quotaUsage,
  type ResourceQuota,
} from '@davit/core/kinds'

export interface Found {
  readonly resource: QuotaResource
  /** All of the namespace. */
  readonly objects: readonly KubeObject[]
}
export interface Usage {
  /** Every name of the quota that something counts for, also with zero. */
  readonly used: Amounts
  /** When a Pod that is going takes nothing any more, though it is still there: milliseconds since 1970. */
  readonly releaseAt?: number
}

export function usageOf(quota: ResourceQuota, found: readonly Found[], now: number): Usage {
  const names = Object.keys(quota.spec?.hard ?? {})
  const used: Record<string, Amounts[string]> = {}
  let releaseAt = Number.POSITIVE_INFINITY
  for (const { resource, objects } of found) {
    const own = quotaNames(resource, names)
    for (const name of own) used[name] ??= { nano: 0n, format: 'DecimalSI' }
    for (const object of objects) {
      if (!quotaScopesMatch(quota, resource, object)) continue
      const usage = measured(resource, object, now)
      for (const name of own) {
        const [sum, amount] = [used[name], usage[name]]
        if (sum && amount) used[name] = addQuantities(sum, amount)
      }
      const release = quotaReleaseTime(object)
      if (release !== undefined && release >= now) releaseAt = Math.min(releaseAt, release)
    }
  }
  return { used, ...(Number.isFinite(releaseAt) && { releaseAt }) }
}

/** Objects are frozen, so what each takes is measured once; of those that go it depends on the time. */
const known = new WeakMap<KubeObject, Amounts>()

function measured(resource: QuotaResource, object: KubeObject, now: number): Amounts {
  if (object.metadata.deletionTimestamp !== undefined) return quotaUsage(resource, object, now)
  const kept = known.get(object)
  if (kept) return kept
  const usage = quotaUsage(resource, object, now)
  known.set(object, usage)
  return usage
}

/** Whether a change of an object can change what it takes, or which quotas it is counted by. */
export function changesUsage(resource: QuotaResource, object: KubeObject, old: KubeObject): boolean {
  if (quotaFollowsUpdates(resource)) return true
  if (resource.group !== '' || resource.resource !== 'pods') return false
  const [pod, before] = [object as Pod, old as Pod]
  return (
    pod.status?.phase !== before.status?.phase ||
    pod.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    !equalJson(pod.spec, before.spec)
  )
}
