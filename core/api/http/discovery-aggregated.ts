/** The aggregated form of discovery: all groups, versions and resources in one document, for clients from 1.26 on. */
import type { GroupVersionKind, ResourceKind } from '../../kinds/contract.js'
import type { ApiDelegate } from '../contract.js'
import type { GroupVersions } from './discovery.js'
import { parseAccept } from './media-type.js'

export type AggregatedVersion = 'v2' | 'v2beta1'

/** The version that the client prefers over the plain form; undefined where it prefers the plain one. */
export function wantedAggregation(accept: string | undefined): AggregatedVersion | undefined {
  if (accept === undefined || !accept.includes('APIGroupDiscoveryList')) return undefined
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json') continue
    if (parameters.as === undefined) return undefined
    if (parameters.as !== 'APIGroupDiscoveryList' || parameters.g !== 'apidiscovery.k8s.io') continue
    if (parameters.v === 'v2' || parameters.v === 'v2beta1') return parameters.v
  }
  return undefined
}

export function aggregatedGroup({ group, versions, delegates }: GroupVersions): object {
  return {
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: [
      ...[...versions].map(([version, kinds]) => ({
        version,
        resources: kinds.map(aggregatedResource),
        freshness: 'Current',
      })),
      ...delegates.map((delegate) => ({
        version: delegate.version,
        resources: foreignResources(delegate),
        freshness: delegate.available ? 'Current' : 'Stale',
      })),
    ],
  }
}

/** `APIResource` of plain discovery, of which a foreign server may have left out anything. */
interface PlainResource {
  readonly name?: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly group?: string
  readonly version?: string
  readonly kind?: string
  readonly verbs?: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** The plain form lists `pods/log` beside `pods`; this one puts it inside. */
function foreignResources({ group, version, resources }: ApiDelegate): object[] {
  const plain = (resources as readonly PlainResource[]).filter(({ name }) => typeof name === 'string' && name !== '')
  const responseKind = (one: PlainResource): object => ({
    group: one.group || group,
    version: one.version || version,
    kind: one.kind ?? '',
  })
  return plain
    .filter(({ name }) => !name?.includes('/'))
    .map((one) => {
      const parts = plain.filter(({ name }) => name?.startsWith(`${one.name}/`))
      const subresources = parts.map((part) => ({
        subresource: part.name?.slice((one.name ?? '').length + 1),
        responseKind: responseKind(part),
        verbs: part.verbs ?? [],
      }))
      return {
        resource: one.name,
        responseKind: responseKind(one),
        scope: one.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: one.singularName ?? '',
        verbs: one.verbs ?? [],
        ...(one.shortNames?.length ? { shortNames: one.shortNames } : {}),
        ...(one.categories?.length ? { categories: one.categories } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      }
    })
}

function aggregatedResource(kind: ResourceKind): object {
  const scope = kind.namespaced ? 'Namespaced' : 'Cluster'
  const subresources = [...kind.subresources.values()].map((subresource) => ({
    subresource: subresource.name,
    responseKind: kindReference(subresource.kind ?? kind),
    verbs: [...subresource.verbs].sort(),
  }))
  return {
    resource: kind.resource,
    responseKind: kindReference(kind),
    scope,
    singularResource: kind.singular,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

function kindReference({ group, version, kind }: GroupVersionKind): object {
  return { group, version, kind }
}
