import { ownerReference, revisionTemplate } from '@davit/core/controller'
import type { ControllerRevision, Pod, PodSpec, StatefulSet } from '@davit/core/kinds'
import { claimName } from './claims.js'
import { identityLabels, podName } from './identity.js'
import { revisionHashLabel } from './revision-label.js'

/** The Pod of that number, as the revision says. */
export function podOf(set: StatefulSet, revision: ControllerRevision, ordinal: number): Pod {
  const { metadata, spec } = revisionTemplate(revision)
  const name = podName(set, ordinal)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: { ...metadata?.labels, ...identityLabels(set, ordinal), [revisionHashLabel]: revision.metadata.name },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(metadata?.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [ownerReference(set)],
    },
    spec: withIdentity(set, spec ?? { containers: [] }, ordinal),
  }
}

/** A volume of a claim takes the place of one of the same name in the template. */
function withIdentity(set: StatefulSet, spec: PodSpec, ordinal: number): PodSpec {
  const templates = set.spec.volumeClaimTemplates ?? []
  const claims = templates.map((template) => ({
    name: template.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal), readOnly: false },
  }))
  const others = (spec.volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name))
  const volumes = [...claims, ...others]
  return {
    ...spec,
    hostname: podName(set, ordinal),
    ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
    ...(volumes.length > 0 && { volumes }),
  }
}
