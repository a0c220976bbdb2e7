/** The aggregated form of discovery: all groups, versions and resources in one document, for clients from 1.26 on. */
import type { GroupVersionKind, ResourceKind } from '../../kinds/contract.js'
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

export function aggregatedGroup({ group, versions }: GroupVersions): object {
  return {
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: [...versions].map(([version, kinds]) => ({
      version,
      resources: kinds.map(aggregatedResource),
      freshness: 'Current',
    })),
  }
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
