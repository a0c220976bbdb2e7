/** What the cases share: calls that must not change anything, and how answers are compared. */
import { assert } from '../../testing/contract.js'
import type { NodeInfo, PodInfo, Rejection } from '../contract.js'
import { MapCycleState } from '../state.js'
import { nodeInfos, podInfos } from './corpus.js'

export function namesAreTheirOwn(policies: readonly { readonly name: string }[]): void {
  const names = policies.map(({ name }) => name)
  for (const name of names) assert.match(name, /^\S+$/, `a policy is called "${name}"`)
  assert.is(new Set(names).size, names.length, `two policies share a name: ${names.join(', ')}`)
}

/** Every Pod with every node of the corpus. */
export function forEachPair(run: (pod: PodInfo, node: NodeInfo) => void): void {
  for (const pod of podInfos()) for (const node of nodeInfos()) run(pod, node)
}

export function freshState(): MapCycleState {
  return new MapCycleState()
}

export function describe(policy: { readonly name: string }, pod: PodInfo, node?: NodeInfo): string {
  return `${policy.name} about the Pod "${pod.pod.metadata.name}"${node ? ` and the node "${node.name}"` : ''}`
}

/** Read by users, and nodes are counted by it: one line that names neither the node nor the Pod. */
export function checkRejection(rejection: Rejection, what: string, pod: PodInfo, node?: NodeInfo): void {
  const { reason, unresolvable } = rejection
  assert.type(reason, 'string', `${what}: the reason is no text`)
  assert.ok(reason.trim() === reason && reason !== '' && !reason.includes('\n'), `${what}: the reason is "${reason}"`)
  if (node) assert.not.match(reason, node.name, `${what}: the reason names the node, so that nodes cannot be counted by it`)
  assert.not.match(reason, pod.key, `${what}: the reason names the Pod`)
  assert.ok(unresolvable === undefined || typeof unresolvable === 'boolean', `${what}: unresolvable is no boolean`)
}
