import { ownerReference } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import { type Owner, replicaSpec } from './owners.js'

/** A Pod as the owner's template says; the API gives it its name. */
export function podOf(owner: Owner): Pod {
  const { metadata, spec } = replicaSpec(owner).template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(metadata?.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [ownerReference(owner)],
    },
    spec: spec ?? { containers: [] },
  }
}
