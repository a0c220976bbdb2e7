import { ClientsToken, NodeIdentityToken } from '../../client/contract.js'
import { definePlugin, Type } from '../../kernel/contract.js'
import { ApiAddressToken, CertificateSignerToken, NodeConnectionsToken } from '../contract.js'

/**
 * Serves the nodes of this process to API servers of others: of an agent, and where several servers share a store. Where
 * one process is all that there is, it does nothing.
 */
export const nodeServer = definePlugin({
  id: 'node-server',
  api: '^1.0',
  // Before the agents, whose Nodes say at which port.
  stage: 'control',
  requires: { clients: ClientsToken, connections: NodeConnectionsToken },
  optional: { identity: NodeIdentityToken, signer: CertificateSignerToken, address: ApiAddressToken },
  config: {
    version: 1,
    schema: Type.Object({
      nodes: Type.Array(Type.String(), { default: [], description: 'Names of the nodes that this process runs.' }),
      address: Type.String({
        default: '',
        description: 'Address to listen at; "::" for those of IPv6 as well; empty: that of the API of this process, else all.',
      }),
      port: Type.Integer({
        minimum: 0,
        maximum: 65_535,
        default: 0,
        description: 'TCP port; 0: 10250 where that is free, else any.',
      }),
    }),
  },
  async setup(context, { clients, connections, identity, signer, address }) {
    const { config, clock, log } = context
    const ca = identity?.ca ?? address?.ca
    if (config.nodes.length === 0 || ca === undefined || !(identity || clients.shared)) return {}
    return {
      async start() {
        const { openNodeServer } = await import('./node-server.js')
        const defer = (undo: () => void | Promise<void>): void => context.defer(undo)
        // Whoever keeps the API from a network does not want its nodes there either.
        const at = config.address || address?.bound || '0.0.0.0'
        const options = { nodes: config.nodes, address: at, port: config.port }
        const port = await openNodeServer({ ...options, ca, clients, connections, identity, signer, clock, log }, defer)
        connections.port = port
        context.defer(() => {
          connections.port = undefined
        })
      },
    }
  },
})
