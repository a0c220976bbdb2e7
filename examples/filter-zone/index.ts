import { definePlugin } from '@davit/core/kernel'
import { Filter, type FilterPolicy } from '@davit/core/scheduler'

const annotation = 'zone.example.davit.dev/only'
const zoneLabel = 'topology.kubernetes.io/zone'

/**
 * A filter is asked of every node that no filter before it refused, thousands of times a second: it looks at what it is
 * given, changes nothing, and answers `undefined` (the node does) or why not. The reason is counted over the nodes and
 * shown to the user, so it is the same text for the same cause: "2 node(s) were in another zone".
 */
const zone: FilterPolicy = {
  name: 'zone',
  filter(_cycle, { pod }, { node }) {
    const wanted = pod.metadata.annotations?.[annotation]
    if (wanted === undefined || node.metadata.labels?.[zoneLabel] === wanted) return undefined
    // No eviction of other Pods would bring the node into the zone.
    return { reason: 'node(s) were in another zone', unresolvable: true }
  },
}

export default definePlugin({
  id: 'filter-zone',
  api: '^1.0',
  provides: { filter: Filter },
  setup: async () => ({ provides: { filter: zone } }),
})
