/** Which nodes are meant for a DaemonSet; pure. */
import { type DaemonSet, type Node, selectsNode, tolerates } from '@davit/core/kinds'
import { tolerationsOf } from './pod.js'

/** `keeps`: a Pod that is there stays, and none is made. */
export type Eligibility = 'runs' | 'keeps' | 'never'

export function eligibilityOf(set: DaemonSet, node: Node): Eligibility {
  const spec = set.spec.template.spec ?? { containers: [] }
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return 'never'
  if (!selectsNode(spec, node)) return 'never'
  const tolerations = tolerationsOf(spec)
  const untolerated = (node.spec.taints ?? []).filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
  )
  if (untolerated.length === 0) return 'runs'
  return untolerated.some(({ effect }) => effect === 'NoExecute') ? 'never' : 'keeps'
}
