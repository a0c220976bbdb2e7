import { ApiDelegatesToken, FrontProxyToken, GrantToken, KindsToken } from '@davit/core/api'
import { apiServices, ClientsToken, endpointSlices, services } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { Aggregator } from './aggregator.js'
import { config } from './config.js'
import { grants, identity } from './grants.js'
import { LocalServices } from './local-services.js'

export default definePlugin({
  id: 'api-aggregation',
  api: '^1.0',
  requires: { kinds: KindsToken, clients: ClientsToken },
  // A control plane inside a test has no server that could carry a request on.
  optional: { frontProxy: FrontProxyToken },
  provides: { delegates: ApiDelegatesToken, grants: GrantToken },
  config,
  async setup(context, { kinds, clients, frontProxy }) {
    const client = clients.as(identity)
    const informer = clients.informer(apiServices)
    const parts = { ...context, kinds, client, informer }
    const local = new LocalServices(parts)
    const aggregator = new Aggregator({
      ...parts,
      frontProxy,
      // Made with the first remote APIService: nobody else needs them here.
      sources: () => ({ services: clients.informer(services), slices: clients.informer(endpointSlices) }),
    })
    return {
      provides: { delegates: aggregator.delegates, grants },
      start() {
        context.defer(local.follow())
        context.defer(aggregator.follow())
      },
    }
  },
})
