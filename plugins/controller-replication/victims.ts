/** Who goes when there are too many: the order of Kubernetes, and what a policy says instead. */
import type { VictimChoice, VictimRequest } from '@davit/core/controller'
import { isPodReady } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'

export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

export interface Victims {
  readonly pods: readonly Pod[]
  /** Whose order it is. */
  readonly by: string
}

/** The first policy with an opinion decides. Throws where its answer names no candidates, or too few. */
export function chooseVictims(request: VictimRequest, choices: readonly VictimChoice[]): Victims {
  for (const choice of choices) {
    const ranked = choice.rank(request)
    if (ranked) return { pods: checked(ranked, request, choice.name), by: choice.name }
  }
  return { pods: rankPods(request).slice(0, request.count), by: 'the order of Kubernetes' }
}

function checked(ranked: readonly Pod[], { candidates, count }: VictimRequest, name: string): readonly Pod[] {
  const victims = [...new Set(ranked)].slice(0, count)
  if (victims.length < count) throw new Error(`the victim choice "${name}" named ${victims.length} of ${count} Pods`)
  const stranger = victims.find((pod) => !candidates.includes(pod))
  if (stranger) throw new Error(`the victim choice "${name}" named ${stranger.metadata.name}, which is no candidate`)
  return victims
}

/** The first goes first. Each rule decides only where all rules before it see no difference. */
export function rankPods({ candidates, podsOnNode }: VictimRequest): Pod[] {
  const traits = candidates.map((pod) => ({ pod, ranks: ranksOf(pod, podsOnNode) }))
  traits.sort((a, b) => compare(a.ranks, b.ranks) || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1))
  return traits.map(({ pod }) => pod)
}

const phases: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** Lower goes first, in every place. Times are negated, for the younger goes first. */
function ranksOf(pod: Pod, podsOnNode: ReadonlyMap<string, number>): number[] {
  const { metadata, spec, status } = pod
  const node = spec.nodeName ?? ''
  return [
    node === '' ? 0 : 1,
    phases[status?.phase ?? 'Pending'] ?? 0,
    isPodReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(podsOnNode.get(node) ?? 0),
    -readySince(pod),
    -restarts(pod),
    -timeOf(metadata.creationTimestamp),
  ]
}

/** 0 without one, and where it is no 32-bit integer, as Kubernetes reads it. */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.[deletionCostAnnotation] ?? '0'
  const cost = /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0
  return Math.abs(cost) < 2 ** 31 ? cost : 0
}

function readySince(pod: Pod): number {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')
  return ready ? timeOf(ready.lastTransitionTime) : 0
}

function restarts({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0))
}

/** One without a time counts as the youngest. */
function timeOf(time: string | undefined): number {
  return time === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(time)
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
