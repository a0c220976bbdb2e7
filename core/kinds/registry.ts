/** The kinds that are served now: lookups by URL, by object and by what a user types. */
import { builtinBodies, builtinGroups, type GroupRow, type KindRow, offeredGroups } from './builtin.js'
import type { GroupVersionKind, KindRegistry, ObjectSource, ResourceKind, Verb } from './contract.js'
import { builtinSchema } from './schema.js'
import { strategyFor } from './strategies/index.js'

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const groupOrder = new Map<string, number>()
for (const row of builtinGroups) if (!groupOrder.has(row.group)) groupOrder.set(row.group, groupOrder.size)

export const apiVersionOf = (of: { readonly group: string; readonly version: string }): string =>
  of.group === '' ? of.version : `${of.group}/${of.version}`

/** "networkpolicy" → "networkpolicies", "ingress" → "ingresses". */
export function pluralOf(singular: string): string {
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`
  return /(s|ch|sh|x|z)$/.test(singular) ? `${singular}es` : `${singular}s`
}

type Lazy = 'schema' | 'strategy'
/** Schema and strategy are made when first read: most processes need few kinds, and a registry must cost nothing. */
function lazily(kind: Omit<ResourceKind, Lazy>, pack: string): ResourceKind {
  const made = { ...kind } as ResourceKind
  const once = (property: Lazy, make: () => ResourceKind[Lazy]) =>
    Object.defineProperty(made, property, {
      enumerable: true,
      configurable: true,
      get() {
        const value = make()
        Object.defineProperty(made, property, { enumerable: true, value })
        return value
      },
    })
  once('schema', () => builtinSchema(pack, kind.kind))
  once('strategy', () => strategyFor(kind.group, kind.kind))
  return made
}

function builtinKind(of: GroupRow, row: KindRow): ResourceKind {
  const singular = row.kind.toLowerCase()
  const subresources = new Map((row.subresources ?? []).map((one) => [one.name, one]))
  const kind: Omit<ResourceKind, Lazy> = {
    group: of.group,
    version: of.version,
    kind: row.kind,
    apiVersion: apiVersionOf(of),
    resource: row.resource ?? pluralOf(singular),
    singular,
    listKind: `${row.kind}List`,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    namespaced: !row.cluster,
    verbs: row.verbs ?? allVerbs,
    stored: row.stored ?? true,
    subresources,
    hasStatus: subresources.has('status'),
    generation: row.generation ?? 'none',
    unconditionalUpdate: row.unconditionalUpdate ?? true,
    createOnUpdate: row.createOnUpdate ?? false,
    deleteReturnsObject: row.deleteReturnsObject ?? false,
    defaultPropagation: row.defaultPropagation ?? 'Background',
    selectableFields: row.selectableFields ?? new Map(),
    ...(row.escapes && { escapes: row.escapes }),
  }
  return lazily(kind, of.pack)
}

/** See the contract. */
export function offeredKind(apiVersion: string, kind: string, source: ObjectSource): ResourceKind {
  const group = offeredGroups.find((one) => apiVersionOf(one) === apiVersion)
  const row = group?.kinds.find((one) => one.kind === kind)
  if (!group || !row) throw new Error(`no kind ${kind} of ${apiVersion} is offered to plugins`)
  return Object.assign(builtinKind(group, row), { source })
}

/** A kind that no URL serves by itself: it can be decoded, and that is all. */
function bodyKind(of: GroupVersionKind & { readonly pack: string }): ResourceKind {
  return builtinKind({ ...of, kinds: [] }, { kind: of.kind, verbs: [], stored: false })
}

/** Core first, then the built-in groups as Kubernetes orders them, then others by name; v2 before v1, v1 before v1beta1. */
function compareKinds(a: ResourceKind, b: ResourceKind): number {
  const after = groupOrder.size
  return (
    (groupOrder.get(a.group) ?? after) - (groupOrder.get(b.group) ?? after) ||
    compareText(a.group, b.group) ||
    compareVersions(a.version, b.version) ||
    compareText(a.resource, b.resource)
  )
}
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The order of preference that Kubernetes gives versions: stable before beta before alpha, newer first, other names last. */
export function compareVersions(a: string, b: string): number {
  const ranks = [rank(a), rank(b)]
  const [x = [], y = []] = ranks
  for (let i = 0; i < 3; i++) {
    const difference = (y[i] ?? 0) - (x[i] ?? 0)
    if (difference !== 0) return difference
  }
  return compareText(a, b)
}
function rank(version: string): readonly number[] {
  const [, major, level, minor] = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version) ?? []
  if (major === undefined) return [0, 0, 0]
  return [level === undefined ? 3 : level === 'beta' ? 2 : 1, Number(major), Number(minor ?? 0)]
}

export function createRegistry(): KindRegistry {
  const byResource = new Map<string, ResourceKind>()
  const byKind = new Map<string, ResourceKind>()
  const bodies = new Map(builtinBodies.map((body) => [`${apiVersionOf(body)}/${body.kind}`, bodyKind(body)]))
  /** Clients send these in the version of whatever they delete. */
  const anyVersion = (kind: string) => (kind === 'DeleteOptions' ? bodies.get('v1/DeleteOptions') : undefined)
  const listeners = new Set<() => void>()
  let sorted: readonly ResourceKind[] | undefined

  const resourceKey = (kind: ResourceKind) => `${kind.apiVersion}/${kind.resource}`
  const kindKey = (kind: ResourceKind) => `${kind.apiVersion}/${kind.kind}`
  const changed = () => {
    sorted = undefined
    for (const listener of [...listeners]) listener()
  }
  const add = (kind: ResourceKind) => {
    const old = byResource.get(resourceKey(kind))
    if (old && byKind.get(kindKey(old)) === old) byKind.delete(kindKey(old))
    byResource.set(resourceKey(kind), kind)
    byKind.set(kindKey(kind), kind)
  }
  const remove = (kind: ResourceKind) => {
    if (byResource.get(resourceKey(kind)) !== kind) return
    byResource.delete(resourceKey(kind))
    if (byKind.get(kindKey(kind)) === kind) byKind.delete(kindKey(kind))
    changed()
  }
  for (const group of builtinGroups) for (const row of group.kinds) add(builtinKind(group, row))

  const registry: KindRegistry = {
    resource: (group, version, resource) => byResource.get(`${apiVersionOf({ group, version })}/${resource}`),
    kind: (apiVersion, kind) => byKind.get(`${apiVersion}/${kind}`) ?? bodies.get(`${apiVersion}/${kind}`) ?? anyVersion(kind),
    find: (name) => findKind(registry.all(), name.toLowerCase()),
    all() {
      sorted ??= [...byResource.values()].sort(compareKinds)
      return sorted
    },
    register(kind) {
      add(kind)
      changed()
      return () => remove(kind)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return registry
}

/** "deploy", "deployments.apps", "deployments.v1.apps", "Deployment". */
function findKind(kinds: readonly ResourceKind[], name: string): ResourceKind | undefined {
  const [word = '', ...rest] = name.split('.')
  const suffix = rest.join('.')
  const named = (kind: ResourceKind) =>
    kind.resource === word || kind.singular === word || kind.kind.toLowerCase() === word || kind.shortNames.includes(word)
  const inGroup = (kind: ResourceKind) =>
    suffix === '' ||
    kind.group === suffix ||
    `${kind.version}.${kind.group}` === suffix ||
    (kind.group === '' && kind.version === suffix)
  return kinds.find((kind) => named(kind) && inGroup(kind))
}
