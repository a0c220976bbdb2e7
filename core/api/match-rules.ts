/**
 * Which requests a rule of admission is about: webhooks and admission policies ask the same way. Implements `RuleMatcher`.
 */
import { ApiError } from '../client/contract.js'
import { type KindRegistry, type KubeObject, type ResourceKind, selectorFromObject } from '../kinds/contract.js'
import type { AdmissionRequest, MatchCriteria, MatchRule, RuleMatcher } from './contract.js'
import { createViews, type View } from './views.js'

export function createRuleMatcher(kinds: KindRegistry): RuleMatcher {
  const viewOf = createViews(kinds)
  const alike = createEquivalents(kinds, viewOf)

  function ruled(rules: readonly MatchRule[], criteria: MatchCriteria, request: AdmissionRequest): ResourceKind | undefined {
    if (rules.some((rule) => covers(rule, request, request.kind))) return request.kind
    if (criteria.matchPolicy !== 'Equivalent') return undefined
    return alike(request.kind).find((kind) => rules.some((rule) => covers(rule, request, kind)))
  }

  return {
    match(criteria, request, namespace) {
      const { resourceRules = [], excludeResourceRules = [] } = criteria
      const kind = resourceRules.length === 0 ? request.kind : ruled(resourceRules, criteria, request)
      if (!kind) return undefined
      if (excludeResourceRules.length > 0 && ruled(excludeResourceRules, criteria, request)) return undefined
      if (!selectsObject(criteria, request)) return undefined
      return selectsNamespace(criteria, request, namespace) ? kind : undefined
    },
    async convert(object, from, to) {
      if (from === to) return object
      if (to.custom?.convert) return oneOf(await to.custom.convert([object], to.apiVersion), to)
      const stored = (await viewOf(from)?.stored(object)) ?? object
      const shown = viewOf(to)?.served(stored) ?? stored
      return { ...shown, apiVersion: to.apiVersion, kind: to.kind }
    },
  }
}

function oneOf([converted]: readonly KubeObject[], { kind }: ResourceKind): KubeObject {
  if (!converted) throw ApiError.internal(`an object of ${kind} was not converted`)
  return converted
}

/** The namespace that a request is in; of a Namespace itself its own name. */
export function admittedNamespace({ kind, namespace, name }: AdmissionRequest): string {
  return isNamespace(kind) ? name : namespace
}

/** Other versions of the same stored objects, as the kinds stand now. */
function createEquivalents(
  kinds: KindRegistry,
  viewOf: (kind: ResourceKind) => View | undefined,
): (kind: ResourceKind) => readonly ResourceKind[] {
  let all: readonly ResourceKind[] | undefined
  let known = new WeakMap<ResourceKind, readonly ResourceKind[]>()
  const storedIn = (kind: ResourceKind): string => viewOf(kind)?.group ?? kind.group
  return (kind) => {
    // A new list is made whenever a kind comes or goes.
    if (all !== kinds.all()) {
      all = kinds.all()
      known = new WeakMap()
    }
    const before = known.get(kind)
    if (before) return before
    const found = all.filter((one) => one !== kind && one.resource === kind.resource && storedIn(one) === storedIn(kind))
    known.set(kind, found)
    return found
  }
}

function covers(rule: MatchRule, request: AdmissionRequest, kind: ResourceKind): boolean {
  const { operations, apiGroups, apiVersions, resources, resourceNames = [] } = rule
  return (
    includes(operations, request.operation) &&
    includes(apiGroups, kind.group) &&
    includes(apiVersions, kind.version) &&
    (resources ?? []).some((named) => namesResource(named, kind.resource, request.subresource)) &&
    inScope(rule.scope, kind) &&
    (resourceNames.length === 0 || resourceNames.includes(request.name))
  )
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((one) => one === '*' || one === value) ?? false
}

/** "pods", "pods/log", "pods/*", "*": all but subresources, "*" + "/*": all, "*" + "/scale". */
function namesResource(named: string, resource: string, subresource: string): boolean {
  const slash = named.indexOf('/')
  const [main, part] = slash < 0 ? [named, ''] : [named.slice(0, slash), named.slice(slash + 1)]
  return (main === '*' || main === resource) && (part === '*' || part === subresource)
}

/** A Namespace is no object in a namespace. */
function inScope(scope: string | undefined, { namespaced }: ResourceKind): boolean {
  if (scope === undefined || scope === '*') return true
  return namespaced ? scope === 'Namespaced' : scope === 'Cluster'
}

/** An update is meant when the object was selected, or is now. What has no labels, such as a stream, is not. */
function selectsObject({ objectSelector }: MatchCriteria, { object, oldObject }: AdmissionRequest): boolean {
  if (objectSelector === undefined) return true
  const { value } = selectorFromObject(objectSelector)
  if (value === undefined) return false
  if (value.everything) return true
  return [object, oldObject].some((one) => one !== undefined && value.matches(one.metadata.labels))
}

function selectsNamespace(
  { namespaceSelector }: MatchCriteria,
  request: AdmissionRequest,
  namespace: KubeObject | undefined,
): boolean {
  if (namespaceSelector === undefined) return true
  const { value } = selectorFromObject(namespaceSelector)
  if (value === undefined) return false
  const name = admittedNamespace(request)
  if (value.everything || name === '') return true
  // A namespace that is being written has the labels that it will have.
  const labelled = isNamespace(request.kind) && request.object ? request.object : namespace
  if (!labelled) throw ApiError.notFound({ group: '', resource: 'namespaces' }, name)
  return value.matches(labelled.metadata.labels)
}

function isNamespace({ group, resource }: ResourceKind): boolean {
  return group === '' && resource === 'namespaces'
}
