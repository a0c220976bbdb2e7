import { KindsToken, NodeConnectionsToken } from '@davit/core/api'
import { ClientsToken, nodes, pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { offeredKind } from '@davit/core/kinds'
import { config } from './config.js'
import { Measurements } from './measurements.js'
import { NodeSource } from './node-source.js'
import { PodSource } from './pod-source.js'

const version = 'metrics.k8s.io/v1beta1'

export default definePlugin({
  id: 'api-metrics',
  api: '^1.0',
  requires: { kinds: KindsToken, connections: NodeConnectionsToken, clients: ClientsToken },
  config,
  async setup(context, { kinds, connections, clients }) {
    const measurements = new Measurements({ ...context, connections })
    // Followed from the first question on.
    const podSource = new PodSource(() => clients.informer(pods), measurements)
    const nodeSource = new NodeSource(() => clients.informer(nodes), measurements)
    context.defer(kinds.register(offeredKind(version, 'PodMetrics', podSource)))
    context.defer(kinds.register(offeredKind(version, 'NodeMetrics', nodeSource)))
    return {}
  },
})
