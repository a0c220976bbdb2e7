/**
 * Which endpoints go into which EndpointSlice. What stays keeps its place, so that one Pod's change is one slice's
 * write, and a watcher hears of no more than what happened. Pure.
 */
import { type Endpoint, type EndpointSlice, equalJson, type ObjectMeta } from '@davit/core/kinds'
import { portsKey, sortPorts, type TargetPort } from './ports.js'

/** Endpoints that may share a slice: of one family, on the same ports. */
export interface EndpointGroup {
  readonly addressType: string
  readonly ports: readonly TargetPort[]
  readonly endpoints: readonly Endpoint[]
}
export interface SliceWish {
  readonly groups: readonly EndpointGroup[]
  /** Address types that have a slice even where nobody answers, so that clients see that nobody does. */
  readonly placeholders: readonly string[]
  /** Of every slice; its name is made by the server. */
  readonly metadata: Pick<ObjectMeta, 'namespace' | 'generateName' | 'labels' | 'annotations' | 'ownerReferences'>
  readonly limit: number
}
export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

interface Draft {
  /** Absent: to be made. */
  readonly slice?: EndpointSlice
  readonly group: EndpointGroup
  endpoints: Endpoint[]
  changed: boolean
}

export function planSlices(wish: SliceWish, existing: readonly EndpointSlice[]): SlicePlan {
  const wanted = new Map(wish.groups.map((group) => [groupKey(group.addressType, group.ports), group]))
  const spare: EndpointSlice[] = []
  const drafts: Draft[] = []
  for (const [key, group] of wanted) {
    const present = existing.filter((slice) => keyOf(slice) === key)
    const filled = fillGroup(group, present, wish.limit)
    const used = new Set(filled.map(({ slice }) => slice))
    spare.push(...present.filter((slice) => !used.has(slice)))
    drafts.push(...filled)
  }
  spare.push(...existing.filter((slice) => !wanted.has(keyOf(slice))))
  drafts.push(...placeholders(wish, drafts))
  return settle(wish, drafts, spare)
}

/** The slices of one group: what is in place stays, the rest goes where a write is due anyway, then where it fits. */
function fillGroup(group: EndpointGroup, present: readonly EndpointSlice[], limit: number): Draft[] {
  const missing = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const drafts = present.map((slice) => keep(slice, group, missing, limit))
  const rest = [...missing.values()]
  for (const draft of drafts) {
    if (draft.changed && draft.endpoints.length > 0) draft.endpoints.push(...rest.splice(0, limit - draft.endpoints.length))
  }
  while (rest.length >= limit) drafts.push({ group, endpoints: rest.splice(0, limit), changed: true })
  if (rest.length > 0) {
    const fits = drafts
      .filter(({ endpoints }) => endpoints.length > 0 && endpoints.length + rest.length <= limit)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)
    if (fits[0]) {
      fits[0].endpoints.push(...rest)
      fits[0].changed = true
    } else drafts.push({ group, endpoints: rest, changed: true })
  }
  return drafts.filter(({ endpoints }) => endpoints.length > 0)
}

function keep(slice: EndpointSlice, group: EndpointGroup, missing: Map<string, Endpoint>, limit: number): Draft {
  const endpoints: Endpoint[] = []
  let changed = false
  for (const old of slice.endpoints ?? []) {
    const key = identity(old)
    const endpoint = missing.get(key)
    if (!endpoint || endpoints.length >= limit) {
      changed = true
      continue
    }
    missing.delete(key)
    const same = equalJson(endpoint, old)
    endpoints.push(same ? old : endpoint)
    changed ||= !same
  }
  return { slice, group, endpoints, changed }
}

function placeholders({ placeholders: types }: SliceWish, drafts: readonly Draft[]): Draft[] {
  const missing = types.filter((type) => !drafts.some(({ group }) => group.addressType === type))
  return missing.map((addressType) => ({ group: { addressType, ports: [], endpoints: [] }, endpoints: [], changed: true }))
}

/** What is to be made takes over a slice that would go, if there is one of its family: one write instead of two. */
function settle(wish: SliceWish, drafts: readonly Draft[], spare: EndpointSlice[]): SlicePlan {
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  for (const { slice, group, endpoints, changed } of drafts) {
    const base = slice ?? take(spare, group.addressType)
    if (!base) create.push(render(wish, group, endpoints))
    else if (changed || !metadataFits(wish, base)) {
      const next = render(wish, group, endpoints, base)
      if (!sameSlice(next, base)) update.push(next)
    }
  }
  return { create, update, remove: spare }
}

function take(spare: EndpointSlice[], addressType: string): EndpointSlice | undefined {
  const index = spare.findIndex((slice) => slice.addressType === addressType && !slice.metadata.deletionTimestamp)
  return index < 0 ? undefined : spare.splice(index, 1)[0]
}

function render(wish: SliceWish, group: EndpointGroup, endpoints: readonly Endpoint[], base?: EndpointSlice): EndpointSlice {
  const { namespace, generateName, labels, annotations, ownerReferences } = wish.metadata
  const own = { labels, annotations: { ...base?.metadata.annotations, ...annotations }, ownerReferences }
  // The server makes the name.
  const metadata = base ? { ...base.metadata, ...own } : ({ namespace, generateName, ...own } as ObjectMeta)
  const ports = group.ports.map((port) => ({ ...port }))
  const { addressType } = group
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType,
    endpoints: [...endpoints],
    ...(ports.length > 0 ? { ports } : {}),
  }
}

function metadataFits({ metadata: { labels, ownerReferences } }: SliceWish, { metadata }: EndpointSlice): boolean {
  return equalJson(labels ?? {}, metadata.labels ?? {}) && equalJson(ownerReferences, metadata.ownerReferences)
}

/** Annotations do not count: they tell of a change, and are none. */
function sameSlice(next: EndpointSlice, old: EndpointSlice): boolean {
  const content = ({ metadata: { labels, ownerReferences }, endpoints, ports = [] }: EndpointSlice) => ({
    labels: labels ?? {},
    ownerReferences,
    endpoints: endpoints ?? [],
    ports,
  })
  return equalJson(content(next), content(old))
}

/** Whose endpoint it is: a Pod's, or that of its first address. */
export function identity({ targetRef, addresses }: Endpoint): string {
  return targetRef?.uid ?? `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}/${addresses[0] ?? ''}`
}

function keyOf({ addressType, ports = [] }: EndpointSlice): string {
  const known = ports.map(({ name = '', protocol = 'TCP', port = 0, appProtocol }) => ({
    name,
    protocol,
    port,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }))
  return groupKey(addressType, sortPorts(known))
}

function groupKey(addressType: string, ports: readonly TargetPort[]): string {
  return `${addressType} ${portsKey(ports)}`
}
