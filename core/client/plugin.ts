import { ApiPipelineToken } from '../api/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { type ClientsOptions, createClients } from './clients.js'
import { ClientsToken } from './contract.js'
import { InProcessClient } from './in-process.js'

/** Clients of this process's own API, without a transport in between. */
export default definePlugin({
  id: 'client',
  api: '^1.0',
  stage: 'cache',
  requires: { pipeline: ApiPipelineToken },
  provides: { clients: ClientsToken },
  async setup({ clock, random, log, defer }, { pipeline }) {
    const as: ClientsOptions['as'] = (identity, fence) => new InProcessClient(pipeline, identity, fence)
    const clients = createClients({ shared: pipeline.shared, as, clock, random, log, pageSize: 0 })
    defer(() => clients.close())
    return { provides: { clients } }
  },
})
