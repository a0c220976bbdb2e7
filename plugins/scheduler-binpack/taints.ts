import { type Pod, type Taint, tolerates } from '@davit/core/kinds'
import type { FilterPolicy, Rejection, ScorePolicy } from '@davit/core/scheduler'

type Tolerations = Pod['spec']['tolerations']

/** An empty key with Exists tolerates everything; an empty effect every effect. */
export function tolerated(taint: Taint, tolerations: Tolerations): boolean {
  if (!tolerations) return false
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true
  return false
}

const rejections = new Map<string, Rejection>()
function untolerated(taint: Taint): Rejection {
  const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  let rejection = rejections.get(reason)
  if (!rejection) {
    rejection = { reason, unresolvable: true }
    // Taint values are free text: a cluster that makes them up must not fill the memory.
    if (rejections.size < 1000) rejections.set(reason, rejection)
  }
  return rejection
}

export const taints: FilterPolicy = {
  name: 'taints',
  filter(_state, { pod }, { node }) {
    if (!node.spec.taints) return undefined
    for (const taint of node.spec.taints) {
      if (taint.effect !== 'PreferNoSchedule' && !tolerated(taint, pod.spec.tolerations)) return untolerated(taint)
    }
    return undefined
  },
}

/** 100 without a PreferNoSchedule taint that the Pod does not tolerate, less for each. */
export const preferUntainted: ScorePolicy = {
  name: 'prefer-untainted',
  weight: 3,
  score(_state, { pod }, { node }) {
    if (!node.spec.taints) return 100
    let against = 0
    for (const taint of node.spec.taints) {
      if (taint.effect === 'PreferNoSchedule' && !tolerated(taint, pod.spec.tolerations)) against += 1
    }
    return 100 / (1 + against)
  },
}
