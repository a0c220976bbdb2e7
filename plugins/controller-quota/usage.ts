/** What a quota's namespace takes now. Pure. */
import {
  type Amounts,
  addAmounts,
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
      const usage = quotaUsage(resource, object, now)
      Object.assign(used, addAmounts(used, pick(usage, own)))
      const release = quotaReleaseTime(object)
      if (release !== undefined && release >= now) releaseAt = Math.min(releaseAt, release)
    }
  }
  return { used, ...(Number.isFinite(releaseAt) && { releaseAt }) }
}

function pick(amounts: Amounts, names: readonly string[]): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => names.includes(name)))
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
