/** What a user reads about a Pod that found no node: counted by reason. */
import type { NoNode } from './cycle.js'

/** "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint {a: b}." */
export function unschedulableMessage(nodes: number, { rejections, refused, narrowedBy }: Omit<NoNode, 'nextStart'>): string {
  if (refused) return `0/${nodes} nodes are available: ${refused.reason}.`
  if (nodes === 0) return 'no nodes available to schedule pods'
  const counts = new Map<string, number>()
  for (const { reason } of rejections.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const leftOut = nodes - rejections.size
  if (leftOut > 0) counts.set(`node(s) didn't satisfy plugin(s) [${[...narrowedBy].sort().join(' ')}]`, leftOut)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`
}
