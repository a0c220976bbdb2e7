/** The agents of this process, by node, and the way to those of others. */
import type { NodeConnections, NodeStreams } from './contract.js'

export function createNodeConnections(): NodeConnections {
  const agents = new Map<string, NodeStreams>()
  let others: ((node: string) => NodeStreams) | undefined
  return {
    register(node, streams) {
      agents.set(node, streams)
      return () => {
        // An agent that has registered again since is not removed by the old one's undo.
        if (agents.get(node) === streams) agents.delete(node)
      }
    },
    get: (node) => agents.get(node) ?? others?.(node),
    has: (node) => agents.has(node),
    reach(dial) {
      others = dial
      return () => {
        if (others === dial) others = undefined
      }
    },
    port: undefined,
  }
}
