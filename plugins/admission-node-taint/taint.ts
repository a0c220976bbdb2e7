import type { Node, Taint } from '@davit/core/kinds'

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/**
 * Changes a new node. Kubernetes taints every one, and takes it off once the node says that it is ready; of a node that says
 * so from the start nobody can see the difference but by the write that is saved.
 */
export function taintUnready(node: Node): undefined {
  const ready = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const taints = node.spec?.taints ?? []
  if (ready || taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return undefined
  node.spec = { ...node.spec, taints: [...taints, { ...notReady }] }
  return undefined
}
