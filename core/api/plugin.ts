/** The API as plugins: the pipeline, and what publishes the server's address. */
import { definePlugin } from '../kernel/contract.js'
import { createRegistry } from '../kinds/contract.js'
import { StoreToken } from '../store/contract.js'
import { WatchCachesToken } from '../watch/contract.js'
import { publishServiceRange } from './address-objects.js'
import { parseRange } from './address-range.js'
import { bootstrap } from './bootstrap.js'
import {
  ApiAddressToken,
  ApiDelegatesToken,
  ApiEndpointToken,
  ApiHooksToken,
  ApiPipelineToken,
  AuthenticatorToken,
  KindsToken,
  NodeConnectionsToken,
  RuleListerToken,
  TokenIssuerToken,
  WebhookCallerToken,
} from './contract.js'
import { createEventLeases } from './event-leases.js'
import { issuerDocuments } from './issuer-documents.js'
import { publishEndpoints } from './kubernetes-endpoints.js'
import { createNodeConnections } from './node-connections.js'
import { createPipeline } from './pipeline.js'
import { pipelineConfig } from './plugin-config.js'
import { createResources } from './resource.js'
import { ServerAddresses } from './server-addresses.js'
import { createServiceAllocations } from './service-allocations.js'
import { createHooks } from './slots.js'
import { createWebhookCaller } from './webhook-call.js'

export const apiPipeline = definePlugin({
  id: 'api-pipeline',
  api: '^1.0',
  stage: 'api',
  requires: {
    store: StoreToken,
    caches: WatchCachesToken,
    authenticators: AuthenticatorToken,
    ruleListers: RuleListerToken,
    delegates: ApiDelegatesToken,
  },
  optional: { issuer: TokenIssuerToken },
  provides: {
    kinds: KindsToken,
    hooks: ApiHooksToken,
    pipeline: ApiPipelineToken,
    connections: NodeConnectionsToken,
    webhooks: WebhookCallerToken,
  },
  config: pipelineConfig,
  async setup(context, { store, caches, authenticators, ruleListers, delegates, issuer }) {
    const { clock, random, ids, log, config } = context
    const kinds = createRegistry()
    const hooks = createHooks()
    const allocations = createServiceAllocations(store, { clock, random, ids }, config)
    const pipeline = createPipeline({
      ...{ store, caches, kinds, hooks, authenticators, ruleListers, delegates, clock, random, ids, log, allocations },
      ...(issuer ? { issuer } : {}),
      eventLeases: createEventLeases(store, clock, config.eventTtlSeconds),
      resource: createResources(caches, kinds, { relaxed: new Set(config.relaxed) }),
    })
    context.defer(() => allocations.close())
    const webhooks = createWebhookCaller({ caches, clock, random })
    context.defer(() => webhooks.close())
    return {
      provides: { kinds, hooks, pipeline, connections: createNodeConnections(), webhooks },
      async start() {
        await allocations.open()
        const range = parseRange(config.serviceCidr)
        // Both write, and into the same groups of the store.
        await Promise.all([bootstrap(pipeline, range.address(0)), publishServiceRange(pipeline, clock, range.text)])
      },
    }
  },
})

/** Behind the server's own start, when it knows where it listens. */
export const apiEndpoint = definePlugin({
  id: 'api-endpoint',
  api: '^1.0',
  stage: 'api',
  requires: { store: StoreToken, pipeline: ApiPipelineToken, address: ApiAddressToken },
  optional: { issuer: TokenIssuerToken },
  provides: { documents: ApiEndpointToken },
  async setup({ clock, ids, log, defer }, { store, pipeline, address, issuer }) {
    const { endpoint } = address
    const documents = issuer ? issuerDocuments(issuer, address) : []
    if (!pipeline.shared) return { provides: { documents }, start: () => publishEndpoints(pipeline, endpoint ? [endpoint] : []) }
    const tokenKeys = async () => ((await issuer?.keys())?.keys ?? []).map((key) => (key as { readonly kid: string }).kid)
    const addresses = new ServerAddresses({ store, pipeline, clock, ids, log, address, tokenKeys })
    defer(() => addresses.stop())
    return { provides: { documents }, start: () => addresses.start() }
  },
})

/** For a process that runs nodes and no API. */
export const nodeConnections = definePlugin({
  id: 'node-connections',
  api: '^1.0',
  stage: 'cache',
  provides: { connections: NodeConnectionsToken },
  setup: async () => ({ provides: { connections: createNodeConnections() } }),
})
