import { isPodActive } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'

export function podsOnNodes(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const pod of pods) {
    const node = pod.spec.nodeName
    if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts
}
