/** What a request takes of its namespace's quotas, and whether they have it. Pure. */
import type { AdmissionRequest } from '@davit/core/api'
import {
  type Amounts,
  addAmounts,
  formatQuantity,
  type KubeObject,
  quotaFollowsUpdates,
  quotaMissing,
  quotaNames,
  quotaScopesMatch,
  quotaUsage,
  type ResourceQuota,
  readAmounts,
} from '@davit/core/kinds'

/** Reports of what happened are no use of the namespace's. */
const uncounted = new Set(['events'])

export function isCounted({ operation, kind, subresource, namespace }: AdmissionRequest): boolean {
  if (namespace === '' || !kind.namespaced || !kind.stored || uncounted.has(kind.resource)) return false
  if (operation === 'CREATE') return subresource === ''
  if (operation !== 'UPDATE') return false
  if (subresource === '') return quotaFollowsUpdates(kind)
  return subresource === 'resize' && kind.group === '' && kind.resource === 'pods'
}

export type Verdict =
  | { readonly ok: false; readonly reason: string }
  /** The quotas in the same order, those that are charged as they are to be stored. */
  | { readonly ok: true; readonly quotas: readonly ResourceQuota[] }

/** `now`: milliseconds since 1970. */
export function charge(quotas: readonly ResourceQuota[], request: AdmissionRequest, now: number): Verdict {
  const { kind, object } = request
  if (!object) return { ok: true, quotas }
  const concerned = quotas.map((quota) => (quotaScopesMatch(quota, kind, object) ? namesIn(quota, request) : []))
  for (const [index, quota] of quotas.entries()) {
    const reason = unanswered(quota, request, concerned[index] ?? [])
    if (reason !== undefined) return { ok: false, reason }
  }
  const usage = quotaUsage(kind, object, now)
  const charged: ResourceQuota[] = []
  for (const [index, quota] of quotas.entries()) {
    const names = concerned[index] ?? []
    const taken = names.length === 0 ? {} : takenOf(usageFor(quota, request, usage, now), names)
    if (Object.keys(taken).length === 0) {
      charged.push(quota)
      continue
    }
    const used = addAmounts(readAmounts(quota.status?.used), taken)
    const reason = exceeded(quota, taken, used)
    if (reason !== undefined) return { ok: false, reason }
    const written = Object.fromEntries(Object.entries(used).map(([name, amount]) => [name, formatQuantity(amount)]))
    charged.push({ ...quota, status: { ...quota.status, used: written } })
  }
  return { ok: true, quotas: charged }
}

/** What was counted last, not what was asked for since: the controller brings the two together. */
function namesIn({ status }: ResourceQuota, { kind }: AdmissionRequest): string[] {
  return quotaNames(kind, Object.keys(status?.hard ?? {}))
}

function unanswered(quota: ResourceQuota, { kind, object }: AdmissionRequest, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const missing = quotaMissing(kind, names, object as KubeObject)
  if (missing !== undefined) return `failed quota: ${quota.metadata.name}: must specify ${missing}`
  if (names.every((name) => quota.status?.used?.[name] !== undefined)) return undefined
  return `status unknown for quota: ${quota.metadata.name}, resources: ${[...names].sort().join(',')}`
}

/** An update pays for what it adds, where the quota had the object already. */
function usageFor(quota: ResourceQuota, { kind, oldObject }: AdmissionRequest, usage: Amounts, now: number): Amounts {
  if (!oldObject || !quotaScopesMatch(quota, kind, oldObject)) return usage
  const before = quotaUsage(kind, oldObject, now)
  const more = Object.entries(usage).map(([name, amount]) => {
    return [name, { ...amount, nano: amount.nano - (before[name]?.nano ?? 0n) }] as const
  })
  return Object.fromEntries(more)
}

function takenOf(usage: Amounts, names: readonly string[]): Amounts {
  return Object.fromEntries(Object.entries(usage).filter(([name, { nano }]) => nano > 0n && names.includes(name)))
}

function exceeded({ metadata, status }: ResourceQuota, taken: Amounts, used: Amounts): string | undefined {
  const hard = readAmounts(status?.hard)
  const over = Object.keys(taken)
    .filter((name) => (used[name]?.nano ?? 0n) > (hard[name]?.nano ?? 0n))
    .sort()
  if (over.length === 0) return undefined
  const before = readAmounts(status?.used)
  const shown = (amounts: Amounts): string =>
    over.map((name) => `${name}=${formatQuantity(amounts[name] ?? { nano: 0n, format: 'DecimalSI' })}`).join(',')
  return `exceeded quota: ${metadata.name}, requested: ${shown(taken)}, used: ${shown(before)}, limited: ${shown(hard)}`
}
