import type { Node, Pod } from '@davit/core/kinds'
import type { FilterPolicy, PreFilterPolicy, Rejection, ScorePolicy } from '@davit/core/scheduler'

const unmatched: Rejection = { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true }
type Affinity = NonNullable<NonNullable<Pod['spec']['affinity']>['nodeAffinity']>
type NodeSelectorTerm = NonNullable<Affinity['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms'][number]
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

function requiredTerms({ spec }: Pod): readonly NodeSelectorTerm[] | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
}

/** A Pod that names its nodes, as those of a DaemonSet do, needs no look at the others. */
export const namedNodes: PreFilterPolicy = {
  name: 'node-affinity',
  preFilter(_state, { pod }) {
    const terms = requiredTerms(pod)
    if (!terms || terms.length === 0) return undefined
    const nodes = new Set<string>()
    for (const { matchFields = [] } of terms) {
      const names = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')?.values
      if (!names) return undefined
      for (const name of names) nodes.add(name)
    }
    return { nodes }
  },
}

/** `spec.nodeSelector` and required node affinity; terms are alternatives, the parts of a term all hold. */
export const nodeAffinity: FilterPolicy = {
  name: 'node-affinity',
  filter(_state, { pod }, { node }) {
    const selector = pod.spec.nodeSelector
    for (const key in selector) if (node.metadata.labels?.[key] !== selector[key]) return unmatched
    const terms = requiredTerms(pod)
    return terms && !terms.some((term) => matchesTerm(term, node)) ? unmatched : undefined
  },
}

/** The weights of the preferred terms that hold, as a share of all. */
export const preferredNodes: ScorePolicy = {
  name: 'preferred-nodes',
  weight: 2,
  score(_state, { pod }, { node }) {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    if (!terms || terms.length === 0) return 0
    let held = 0
    let all = 0
    for (const { preference, weight } of terms) {
      all += weight
      if (matchesTerm(preference, node)) held += weight
    }
    return all === 0 ? 0 : (100 * held) / all
  },
}

/** An empty term matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) => matches(requirement, node.metadata.labels?.[requirement.key])) &&
    matchFields.every((requirement) => matches(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined))
  )
}

function matches({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return compare(value, values[0]) === 1
    case 'Lt':
      return compare(value, values[0]) === -1
    default:
      return false
  }
}

/** Undefined unless both are whole numbers. */
function compare(value: string | undefined, bound: string | undefined): -1 | 0 | 1 | undefined {
  if (!isInteger(value) || !isInteger(bound)) return undefined
  const [a, b] = [BigInt(value), BigInt(bound)]
  return a < b ? -1 : a > b ? 1 : 0
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text)
}
