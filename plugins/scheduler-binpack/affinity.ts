import type { Node, Pod } from '@davit/core/kinds'
import type { FilterPolicy, Rejection } from '@davit/core/scheduler'

const unmatched: Rejection = { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true }
type NodeSelectorTerm = NonNullable<
  NonNullable<
    NonNullable<NonNullable<Pod['spec']['affinity']>['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
  >['nodeSelectorTerms']
>[number]
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

/** `spec.nodeSelector` and required node affinity; terms are alternatives, the parts of a term all hold. */
export const nodeAffinity: FilterPolicy = {
  name: 'node-affinity',
  filter(_state, { pod }, { node }) {
    for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
      if (node.metadata.labels?.[key] !== value) return unmatched
    }
    const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
    return terms && !terms.some((term) => matchesTerm(term, node)) ? unmatched : undefined
  },
}

/** An empty term matches nothing. */
function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length + fields.length === 0) return false
  return (
    expressions.every((requirement) => matches(requirement, node.metadata.labels?.[requirement.key])) &&
    fields.every((requirement) => matches(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined))
  )
}

function matches(requirement: Requirement, value: string | undefined): boolean {
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}
