import { ownerReference } from '@davit/core/controller'
import type { Affinity, DaemonSet, NodeSelectorTerm, Pod, PodSpec, Toleration } from '@davit/core/kinds'

/** On Pods and on ControllerRevisions: the hash of the template. */
export const hashLabel = 'controller-revision-hash'
const generationLabel = 'pod-template-generation'
const generationAnnotation = 'deprecated.daemonset.template.generation'

/** The Pod for one node. The scheduler binds it, and can choose no other node. */
export function podOf(set: DaemonSet, hash: string, node: string): Pod {
  const { metadata, spec } = set.spec.template
  const generation = set.metadata.annotations?.[generationAnnotation]
  const labels = { ...metadata?.labels, [hashLabel]: hash, ...(generation !== undefined && { [generationLabel]: generation }) }
  const own = spec ?? { containers: [] }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels,
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(metadata?.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [ownerReference(set)],
    },
    spec: { ...own, affinity: onNode(own.affinity, node), tolerations: tolerationsOf(own) },
  }
}

/** The node that the Pod is on or is to be on. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (field?.values?.length === 1) return field.values[0]
  }
  return undefined
}

function onNode(affinity: Affinity | undefined, node: string): Affinity {
  const matchFields: NodeSelectorTerm['matchFields'] = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const terms = required?.nodeSelectorTerms ?? []
  const nodeSelectorTerms = terms.length === 0 ? [{ matchFields }] : terms.map((term) => ({ ...term, matchFields }))
  const nodeAffinity = { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return { ...affinity, nodeAffinity }
}

const standing: readonly Toleration[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
].map(([name, effect]) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect }) as Toleration)
const networkUnavailable = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
} as Toleration

/** A daemon is there for the node's own sake, so troubles of the node do not keep it off. */
export function tolerationsOf(spec: PodSpec): Toleration[] {
  const added = spec.hostNetwork ? [...standing, networkUnavailable] : standing
  const own = (spec.tolerations ?? []).filter(
    ({ key, effect, operator, value }) =>
      !added.some((each) => each.key === key && each.effect === effect && (operator === 'Exists' || !value)),
  )
  return [...own, ...added]
}
