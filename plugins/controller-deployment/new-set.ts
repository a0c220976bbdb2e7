/** The ReplicaSet of the present template: how it is made, and what is kept up to date on it; pure. */
import { ownerReference } from '@davit/core/controller'
import type { Deployment, LabelSelector, ReplicaSet } from '@davit/core/kinds'
import { type Annotations, copiedAnnotations, revisionAnnotation, sizeAnnotations } from './annotations.js'
import { revisionAnnotations } from './history.js'
import { limitsOf } from './limits.js'
import { hashLabel, templateHash } from './template-hash.js'

export function newReplicaSet(deployment: Deployment, size: number, revision: bigint): ReplicaSet {
  const { metadata, spec } = deployment
  const hash = templateHash(spec.template, deployment.status?.collisionCount)
  const { replicas, maxSurge } = limitsOf(deployment)
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace,
      labels,
      annotations: {
        ...copiedAnnotations(metadata.annotations),
        ...sizeAnnotations(replicas, maxSurge),
        [revisionAnnotation]: String(revision),
      },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: size,
      ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
      selector: withHash(spec.selector, hash),
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
}

/** What the ReplicaSet of the present template must say besides its size. */
export function currentAnnotations(deployment: Deployment, next: ReplicaSet, revision: bigint): Annotations {
  return { ...copiedAnnotations(deployment.metadata.annotations), ...revisionAnnotations(next, revision) }
}

function withHash(selector: LabelSelector, hash: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } }
}
