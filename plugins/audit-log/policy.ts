/** The policy of audit.k8s.io/v1: which requests are written down, and how much of them. */
import type { RequestRecord, RequestStage } from '@davit/core/api'

export type Level = 'None' | 'Metadata' | 'Request' | 'RequestResponse'
type Stage = RequestStage | 'Panic'

export interface AuditRule {
  readonly level: Level
  readonly users?: readonly string[]
  readonly userGroups?: readonly string[]
  readonly verbs?: readonly string[]
  readonly resources?: readonly GroupResources[]
  readonly namespaces?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly omitStages?: readonly Stage[]
  readonly omitManagedFields?: boolean
}
export interface GroupResources {
  readonly group?: string
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}
export interface AuditPolicy {
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
  readonly rules: readonly AuditRule[]
}
export interface Decision {
  readonly level: Level
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

const nothing: Decision = { level: 'None', omitStages: [], omitManagedFields: false }

/** The first rule that fits decides; none: nothing is written. Pure. */
export function decide(policy: AuditPolicy, record: RequestRecord): Decision {
  const rule = policy.rules.find((one) => fits(one, record))
  if (!rule || rule.level === 'None') return nothing
  return {
    level: rule.level,
    omitStages: [...policy.omitStages, ...(rule.omitStages ?? [])],
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
  }
}

function fits(rule: AuditRule, record: RequestRecord): boolean {
  const { user, verb } = record
  if (!has(rule.users, user?.name ?? '')) return false
  if (rule.userGroups?.length && !(user?.groups ?? []).some((group) => rule.userGroups?.includes(group))) return false
  if (!has(rule.verbs, verb)) return false
  if (rule.namespaces?.length || rule.resources?.length) return fitsResource(rule, record)
  if (rule.nonResourceURLs?.length) return !record.target && rule.nonResourceURLs.some((url) => fitsPath(url, pathOf(record)))
  return true
}

/** An empty list stands for everything. */
function has(list: readonly string[] | undefined, word: string): boolean {
  return !list?.length || list.includes(word)
}

function fitsResource({ namespaces, resources }: AuditRule, { target }: RequestRecord): boolean {
  if (!target || !has(namespaces, target.namespace)) return false
  if (!resources?.length) return true
  const { group, resource, subresource = '', name } = target
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some((one) => {
    if ((one.group ?? '') !== group || !has(one.resourceNames, name)) return false
    if (!one.resources?.length) return true
    return one.resources.some(
      (pattern) =>
        pattern === '*' ||
        pattern === whole ||
        (subresource !== '' && (pattern === `*/${subresource}` || pattern === `${resource}/*`)),
    )
  })
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

function pathOf({ uri }: RequestRecord): string {
  const mark = uri.indexOf('?')
  return mark < 0 ? uri : uri.slice(0, mark)
}
