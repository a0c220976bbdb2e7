/** The plugin `api-server`: HTTPS in front of the pipeline. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type Bag, definePlugin, type PluginContext } from '../../kernel/contract.js'
import type { KindRegistry } from '../../kinds/contract.js'
import { type Store, StoreToken } from '../../store/contract.js'
import { parseRange } from '../address-range.js'
import {
  type ApiAddress,
  ApiAddressToken,
  type ApiDelegates,
  ApiDelegatesToken,
  type ApiEndpoint,
  ApiEndpointToken,
  type ApiHooks,
  ApiHooksToken,
  type ApiPipeline,
  ApiPipelineToken,
  type Authenticator,
  AuthenticatorToken,
  CertificateSignerToken,
  type FrontProxy,
  FrontProxyToken,
  KindsToken,
  type NodeConnections,
  NodeConnectionsToken,
  type RequestLimiter,
  RequestLimiterToken,
} from '../contract.js'
import { certificateNames, hostPort, reachable } from './addresses.js'
import { createAuthentication } from './authenticate.js'
import { type ApiServerConfig, apiServerSchema } from './config.js'
import { createConnect } from './connect.js'
import { createDelegation } from './delegation.js'
import { createDiscovery } from './discovery.js'
import { createHandler } from './handler.js'
import { writeKubeconfig } from './kubeconfig.js'
import { type Listener, type ListenerOptions, openListener } from './listener.js'
import { createMetrics } from './metrics.js'
import { type NodeAgents, nodeAgents } from './node-agents.js'
import { createNonResource } from './non-resource.js'
import { createOpenApi } from './openapi.js'
import { type ClusterCertificates, loadCertificates, loadFrontProxy, loadKubeletClient } from './pki.js'
import { machineAddress, type PodAccess, podAccess } from './pod-access.js'
import { isProxyPath } from './proxy-location.js'
import { createRenderer } from './render.js'
import { createHttpServer, type Server } from './server.js'
import { createSigner } from './signer.js'
import { createStreamSet } from './stream-set.js'
import { tokenFileAuthenticator } from './token-file.js'
import { versionInfo } from './version.js'

interface Received {
  readonly store: Store
  readonly pipeline: ApiPipeline
  readonly hooks: ApiHooks
  readonly kinds: KindRegistry
  readonly connections: NodeConnections
  readonly authenticators: Bag<Authenticator>
  readonly endpoints: Bag<ApiEndpoint>
  readonly limiters: Bag<RequestLimiter>
  readonly delegates: Bag<ApiDelegates>
}
type Context = PluginContext<ApiServerConfig>

export const apiServer = definePlugin({
  id: 'api-server',
  api: '^1.0',
  stage: 'api',
  requires: {
    store: StoreToken,
    pipeline: ApiPipelineToken,
    hooks: ApiHooksToken,
    kinds: KindsToken,
    connections: NodeConnectionsToken,
    authenticators: AuthenticatorToken,
    endpoints: ApiEndpointToken,
    limiters: RequestLimiterToken,
    delegates: ApiDelegatesToken,
  },
  provides: {
    address: ApiAddressToken,
    signer: CertificateSignerToken,
    frontProxy: FrontProxyToken,
    tokens: AuthenticatorToken,
  },
  config: { version: 1, schema: apiServerSchema },
  async setup(context, received) {
    const { config } = context
    const pods = podAccess(config, machineAddress(config.podCidr))
    const certificates = await loadPki(config, pods, context.clock.now())
    const listener = await sharedListener(context, certificates, { host: config.address, port: config.port })
    const ours = await listenForPods(context, certificates, pods, listener.port)
    const listeners = ours ? [listener, ours] : [listener]
    const endpoint = pods && { host: pods.host, port: ours?.port ?? listener.port }
    const address = await describeAddress(config, listener.port, certificates, endpoint)
    const tokens = config.tokenFile === '' ? [] : [await tokenFileAuthenticator(resolve(config.tokenFile))]
    const state = { started: false }
    const frontProxy = createFrontProxy(context, certificates)
    const nodes = createNodeAgents(context, received, certificates)
    context.defer(() => nodes.close())
    const own = { certificate: certificates.server.certificate, clusterDomain: config.clusterDomain }
    const signer = createSigner(certificates.authority, context.clock, own)
    const { server, drain } = await createServer(context, received, { address, listeners, frontProxy, nodes }, state)
    context.defer(() => server.close())
    let detach: () => void = () => {}
    context.defer(() => detach())
    return {
      provides: { address, signer, frontProxy, tokens },
      start() {
        const undos = listeners.map((one) => one.attach(server))
        detach = () => {
          for (const undo of undos) undo()
        }
        state.started = true
        context.log.info({ url: address.url, kubeconfig: address.kubeconfig }, 'the API is served')
      },
      drain() {
        state.started = false
        drain()
      },
    }
  },
})

function loadPki(config: ApiServerConfig, pods: PodAccess | undefined, now: number): Promise<ClusterCertificates> {
  const { address, advertiseAddress, names: own, serviceCidr, clusterDomain } = config
  const service = { address: parseRange(serviceCidr).address(0), clusterDomain }
  const names = certificateNames([address, advertiseAddress, ...own, pods?.host ?? ''], service)
  return loadCertificates({ directory: join(resolve(config.dataDirectory), 'pki'), names, now })
}

function createFrontProxy({ config, clock }: Context, { authority }: ClusterCertificates): FrontProxy {
  const directory = join(resolve(config.dataDirectory), 'pki')
  let made: ReturnType<FrontProxy['identity']> | undefined
  return {
    clientAuthority: authority.certificate,
    identity() {
      made ??= loadFrontProxy({ directory, now: clock.now() })
      return made
    },
  }
}

function createNodeAgents(context: Context, { pipeline, connections }: Received, { authority }: ClusterCertificates): NodeAgents {
  const { config, clock, log } = context
  const directory = join(resolve(config.dataDirectory), 'pki')
  const identity = () => loadKubeletClient({ directory, now: clock.now() }, authority)
  return nodeAgents({ pipeline, connections, ca: authority.certificate, identity, clock, log })
}

type Place = Pick<ListenerOptions, 'host' | 'port' | 'admits'>

/** The port is open from set-up on, so that its number is known; requests before the start are told to come again. */
async function sharedListener(context: Context, certificates: ClusterCertificates, place: Place): Promise<Listener> {
  const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, strangers, podCidr } = context.config
  const { authority, server } = certificates
  const tls = { key: server.key, cert: server.certificate, ca: authority.certificate }
  const limits = { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, strangers }
  const whom = place.admits ? podCidr : ''
  const key = `api-server/${place.host}/${place.port}/${Object.values(limits).join('/')}/${whom}`
  const listener = await context.shared(key, () => openListener({ ...place, tls, ...limits, clock: context.clock }))
  listener.secure(tls)
  return listener
}

/** At the port of the server, where that is free; Pods find any. */
async function listenForPods(
  context: Context,
  certificates: ClusterCertificates,
  pods: PodAccess | undefined,
  port: number,
): Promise<Listener | undefined> {
  if (!pods?.admits) return undefined
  const { host, admits } = pods
  return sharedListener(context, certificates, { host, port, admits }).catch(() =>
    sharedListener(context, certificates, { host, port: 0, admits }),
  )
}

async function describeAddress(
  config: ApiServerConfig,
  port: number,
  certificates: ClusterCertificates,
  endpoint: ApiAddress['endpoint'],
): Promise<ApiAddress> {
  const host = config.advertiseAddress || reachable(config.address)
  const directory = resolve(config.dataDirectory)
  await mkdir(directory, { recursive: true })
  const kubeconfig = config.kubeconfig === '' ? join(directory, 'admin.kubeconfig') : resolve(config.kubeconfig)
  const url = `https://${hostPort(host, port)}`
  const { authority, admin } = certificates
  await writeKubeconfig(kubeconfig, { url, ca: authority.certificate, certificate: admin.certificate, key: admin.key })
  return { url, host, port, bound: config.address, ca: authority.certificate, kubeconfig, ...(endpoint && { endpoint }) }
}

/** Once for each connection: looking up a peer's address costs more than all the rest of a small request. */
function greeter(listeners: readonly Listener[]): (socket: TLSSocket) => void {
  const greeted = new WeakSet<TLSSocket>()
  return (socket) => {
    if (greeted.has(socket)) return
    greeted.add(socket)
    for (const listener of listeners) listener.greet(socket)
  }
}

async function createServer(
  context: Context,
  received: Received,
  made: {
    readonly address: ApiAddress
    readonly listeners: readonly Listener[]
    readonly frontProxy: FrontProxy
    readonly nodes: NodeAgents
  },
  state: { readonly started: boolean },
): Promise<{ server: Server; drain: () => void }> {
  const { config, clock, ids, log } = context
  const { pipeline, hooks, kinds, connections, authenticators, endpoints, limiters, delegates } = received
  const { address, listeners, frontProxy, nodes } = made
  const metrics = createMetrics()
  const streams = createStreamSet()
  const version = versionInfo(context.version)
  const delegation = createDelegation({ delegates, hooks, frontProxy, metrics })
  context.defer(() => delegation.close())
  const discovery = createDiscovery(kinds, () => hostPort(address.host, address.port), delegation)
  context.defer(() => discovery.close())
  const nonResource = createNonResource({
    hooks,
    discovery,
    openApi: createOpenApi(kinds, clock, { title: 'Davit', version: version.gitVersion ?? '' }, delegation),
    version,
    metrics,
    endpoints,
    checks: [
      { name: 'ping', liveness: true, healthy: () => true },
      // A restart of this process heals no store that is elsewhere.
      { name: 'store', liveness: false, healthy: () => received.store.reachable !== false },
      { name: 'started', liveness: false, healthy: () => state.started },
    ],
    gauges: () => ({ process_resident_memory_bytes: process.memoryUsage.rss(), apiserver_open_streams: streams.size }),
  })
  const handler = createHandler({
    pipeline,
    hooks,
    kinds,
    nonResource,
    metrics,
    streams,
    limiters,
    delegation,
    log,
    clock,
    ids,
    greet: greeter(listeners),
    authenticate: createAuthentication(authenticators),
    renderer: createRenderer(kinds, () => clock.now()),
    connect: createConnect({ pipeline, hooks, kinds, connections, nodes, metrics, clock, random: context.random, log }),
    backlogLimit: config.watchBacklogBytes,
  })
  const streamed = (url: string): boolean => isProxyPath(url) || delegation.find(url) !== undefined
  const replied = ({ method }: { readonly method: string }, code: number): void => metrics.request(method, code)
  const { bodyLimitBytes: bodyLimit, requestTimeoutMs: bodyTimeoutMs } = config
  const server = await createHttpServer({ handler, streamed, bodyLimit, bodyTimeoutMs, replied, log })
  return { server, drain: () => streams.closeAll() }
}
