/** Whether rules allow a request. Pure. */
import type { AuthorizationRequest } from '@davit/core/api'

export interface Rule {
  readonly apiGroups?: readonly string[] | undefined
  readonly resources?: readonly string[] | undefined
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[] | undefined
  readonly nonResourceURLs?: readonly string[] | undefined
}

export function allows(rule: Rule, request: AuthorizationRequest): boolean {
  if (!has(rule.verbs, request.verb)) return false
  if (request.path !== '') return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, request.path))
  return has(rule.apiGroups, request.group) && hasResource(rule.resources, request) && hasName(rule.resourceNames, request.name)
}

function has(list: readonly string[] | undefined, word: string): boolean {
  return list !== undefined && (list.includes(word) || list.includes('*'))
}

/** A subresource is named with its resource: "pods" does not allow "pods/log"; "*" does, and "*\/log" allows all logs. */
function hasResource(list: readonly string[] | undefined, { resource, subresource }: AuthorizationRequest): boolean {
  if (subresource === '') return has(list, resource)
  return has(list, `${resource}/${subresource}`) || (list?.includes(`*/${subresource}`) ?? false)
}

function hasName(list: readonly string[] | undefined, name: string): boolean {
  return list === undefined || list.length === 0 || list.includes(name)
}

/** A trailing "*" stands for any rest. */
function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}
