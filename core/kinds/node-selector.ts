/** Whether a node is one that a Pod asks for, and whether the Pod bears its taints. */
import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from './types.js'

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

/** `spec.nodeSelector` and the required node affinity; terms are alternatives, the parts of a term all hold. */
export function selectsNode(spec: PodSpec, node: Node): boolean {
  const selector = spec.nodeSelector
  for (const key in selector) if (node.metadata.labels?.[key] !== selector[key]) return false
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return !terms || terms.some((term) => matchesNodeTerm(term, node))
}

/** An empty term matches nothing. */
export function matchesNodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
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

/** An empty key with Exists tolerates everything; an empty effect every effect. */
export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (operator === 'Exists') return true
  return (!operator || operator === 'Equal') && Boolean(key) && (value ?? '') === (taint.value ?? '')
}
