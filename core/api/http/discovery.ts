/**
 * Discovery: which groups, versions and resources are served, in the plain form and in the aggregated one. Documents
 * are made on demand, kept as bytes, and dropped when a kind comes or goes.
 */
import { createHash } from 'node:crypto'
import {
  formatJson,
  type GroupVersionKind,
  type KindRegistry,
  type ResourceKind,
  type Subresource,
} from '../../kinds/contract.js'
import type { ApiDelegate } from '../contract.js'
import type { Delegation } from './delegation.js'
import { type AggregatedVersion, aggregatedGroup } from './discovery-aggregated.js'

export interface Document {
  readonly contentType: string
  readonly bytes: Buffer
  /** With its quotes. */
  readonly etag: string
}
export interface Discovery {
  /** `path` as in `OtherTarget`; `aggregated` where the client asks for that form. Undefined: there is no such path. */
  document(path: string, aggregated?: AggregatedVersion): Document | undefined
  close(): void
}

export interface GroupVersions {
  readonly group: string
  /** In order of preference. */
  readonly versions: ReadonlyMap<string, readonly ResourceKind[]>
  /** Those that other servers answer for, behind our own. */
  readonly delegates: readonly ApiDelegate[]
}
/** Whoever knows which group versions are not ours. */
export type Delegates = Pick<Delegation, 'all' | 'onChange'>

/** `address` is "host:port", for clients that ask where the server is. */
export function createDiscovery(kinds: KindRegistry, address: () => string, delegates: Delegates): Discovery {
  const documents = new Map<string, Document | undefined>()
  let groups: ReadonlyMap<string, GroupVersions> | undefined
  const forget = (): void => {
    documents.clear()
    groups = undefined
  }
  const unsubscribe = [kinds.onChange(forget), delegates.onChange(forget)]
  return {
    document(path, aggregated) {
      const key = aggregated === undefined ? path : `${path}#${aggregated}`
      const known = documents.get(key)
      if (known) return known
      groups ??= groupAll(kinds.all(), delegates.all())
      const made = makeDocument(path, aggregated, groups, address)
      // Paths that do not exist are not remembered: there is no end of them.
      if (made) documents.set(key, made)
      return made
    },
    close() {
      for (const undo of unsubscribe) undo()
    },
  }
}

interface Building extends GroupVersions {
  readonly versions: Map<string, ResourceKind[]>
  readonly delegates: ApiDelegate[]
}

function groupAll(kinds: readonly ResourceKind[], delegates: readonly ApiDelegate[]): Map<string, GroupVersions> {
  const groups = new Map<string, Building>()
  const groupOf = (group: string): Building => {
    const found = groups.get(group) ?? { group, versions: new Map<string, ResourceKind[]>(), delegates: [] }
    groups.set(group, found)
    return found
  }
  for (const kind of kinds) {
    const found = groupOf(kind.group)
    found.versions.set(kind.version, [...(found.versions.get(kind.version) ?? []), kind])
  }
  for (const delegate of delegates) groupOf(delegate.group).delegates.push(delegate)
  return groups
}

type Groups = ReadonlyMap<string, GroupVersions>

function makeDocument(
  path: string,
  aggregated: AggregatedVersion | undefined,
  groups: Groups,
  address: () => string,
): Document | undefined {
  const [, prefix, group, version, ...more] = path.split('/')
  if (more.length > 0) return undefined
  if (prefix === 'api') {
    if (version !== undefined) return undefined
    if (group !== undefined) return resourceList(groups.get(''), group)
    if (aggregated) return aggregatedList(aggregated, [groups.get('')])
    return json({ kind: 'APIVersions', versions: [...(groups.get('')?.versions.keys() ?? [])], ...addresses(address()) })
  }
  if (prefix !== 'apis') return undefined
  const named = [...groups.values()].filter((one) => one.group !== '')
  if (group === undefined) {
    if (aggregated) return aggregatedList(aggregated, named)
    return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupEntry) })
  }
  const found = group === '' ? undefined : groups.get(group)
  if (version !== undefined) return resourceList(found, version)
  return found && json({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) })
}

function addresses(serverAddress: string): object {
  return { serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] }
}

function groupEntry({ group, versions, delegates }: GroupVersions): object {
  const names = [...versions.keys(), ...delegates.map((delegate) => delegate.version)]
  const list = names.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: list, preferredVersion: list[0] }
}

function resourceList(group: GroupVersions | undefined, version: string): Document | undefined {
  const kinds = group?.versions.get(version)
  if (group === undefined || kinds === undefined) return undefined
  const groupVersion = group.group === '' ? version : `${group.group}/${version}`
  return json({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: kinds.flatMap(resourceEntries) })
}

function resourceEntries(kind: ResourceKind): object[] {
  const own = {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.stored ? { storageVersionHash: storageHash(kind) } : {}),
  }
  return [own, ...[...kind.subresources.values()].map((subresource) => subresourceEntry(kind, subresource))]
}

function subresourceEntry(parent: ResourceKind, subresource: Subresource): object {
  const shown: GroupVersionKind = subresource.kind ?? parent
  const elsewhere = shown.group !== parent.group || shown.version !== parent.version
  return {
    name: `${parent.resource}/${subresource.name}`,
    singularName: '',
    namespaced: parent.namespaced,
    ...(elsewhere ? { group: shown.group, version: shown.version } : {}),
    kind: shown.kind,
    verbs: [...subresource.verbs].sort(),
  }
}

function storageHash({ group, version, kind, custom }: ResourceKind): string {
  return createHash('sha256')
    .update(`${custom?.storageVersion ?? `${group}/${version}`}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64')
}

function aggregatedList(version: AggregatedVersion, groups: readonly (GroupVersions | undefined)[]): Document {
  const items = groups.filter((group) => group !== undefined).map(aggregatedGroup)
  const list = { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
  return json(list, `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
}

/** Compact JSON with an entity tag over its bytes. */
export function json(value: object, contentType = 'application/json'): Document {
  return documentOf(contentType, Buffer.from(`${formatJson(value)}\n`, 'utf8'))
}
export function documentOf(contentType: string, bytes: Buffer): Document {
  const digest = createHash('sha256').update(bytes).digest('hex').toUpperCase()
  return { contentType, bytes, etag: `"${digest}"` }
}
