/** The server of the nodes of this process: for API servers that are other processes. */
import type { TLSSocket } from 'node:tls'
import type { Clients, KeyAndCertificate, NodeIdentity } from '../../client/contract.js'
import { pods as podsRef } from '../../client/contract.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import type { Pod } from '../../kinds/contract.js'
import type { CertificateSigner, NodeConnections } from '../contract.js'
import { type Exchange, exchangeOf, type HttpRequest, type HttpResponse } from '../http/exchange.js'
import { type Listener, openListener } from '../http/listener.js'
import { sendError } from '../http/reply.js'
import { createUpgrade, responseOf, type Upgrade } from '../http/upgrade.js'
import { type KubeletServices, serveKubelet } from './kubelet.js'
import { createNodeAccess } from './node-access.js'
import { keepNodeCertificate, selfSigned } from './node-certificate.js'
import { parseRoute, subresourceOf } from './routes.js'

export interface NodeServerOptions {
  /** Of this process; at least one. */
  readonly nodes: readonly string[]
  readonly address: string
  /** 0: 10250 where that is free, else any. */
  readonly port: number
  /** PEM. */
  readonly ca: string
  readonly clients: Clients
  readonly connections: NodeConnections
  /** Of an agent; else the CA of this process signs. */
  readonly identity: NodeIdentity | undefined
  readonly signer: CertificateSigner | undefined
  readonly clock: Clock
  readonly log: Logger
}

export const usualPort = 10_250
const limits = { headersTimeoutMs: 10_000, requestTimeoutMs: 60_000, idleTimeoutMs: 90_000, strangers: 100 }

export async function openNodeServer(
  options: NodeServerOptions,
  defer: (undo: () => void | Promise<void>) => void,
): Promise<number> {
  const { clock, log, ca } = options
  // Until the cluster has signed one: whoever checks it goes away again.
  const first = await selfSigned(clock.now())
  const listener = await listen(options, tlsOf(first, ca))
  defer(async () => listener[Symbol.asyncDispose]())
  const report = (error: unknown): void => log.error({ err: error }, 'a request to a node failed by a bug')
  const handle = createHandle(options, listener)
  defer(
    listener.attach({
      request(request, response) {
        const exchange = exchangeOf(request as HttpRequest, response as unknown as HttpResponse, undefined, () => undefined)
        void handle(exchange, undefined).catch((error: unknown) => failed(exchange, error, report))
      },
      upgrade(request, socket, head) {
        socket.on('error', () => socket.destroy())
        const response = responseOf(request, socket)
        const exchange = exchangeOf(request, response as unknown as HttpResponse, undefined, () => undefined)
        const upgrade = createUpgrade(request, socket, head, response)
        void handle(exchange, upgrade).catch((error: unknown) => failed(exchange, error, report))
      },
    }),
  )
  await keepNodeCertificate({ ...options, changed: (pair) => listener.secure(tlsOf(pair, ca)) }, defer)
  return listener.port
}

function failed(exchange: Exchange, error: unknown, report: (error: unknown) => void): void {
  if (exchange.response.headersSent) exchange.request.socket.destroy()
  else sendError(exchange, error, report)
}

const tlsOf = ({ key, certificate }: KeyAndCertificate, ca: string) => ({ key, cert: certificate, ca })

async function listen({ address, port, clock }: NodeServerOptions, tls: ReturnType<typeof tlsOf>): Promise<Listener> {
  const open = (number: number): Promise<Listener> => openListener({ host: address, port: number, tls, ...limits, clock })
  return port === 0 ? open(usualPort).catch(() => open(0)) : open(port)
}

function createHandle(options: NodeServerOptions, listener: Listener) {
  const { nodes, clients, connections, clock, log } = options
  const access = createNodeAccess(clients, nodes)
  const [only] = nodes
  const scope = nodes.length === 1 && only ? { fieldSelector: `spec.nodeName=${only}` } : {}
  // The agents follow the same Pods.
  const pods = clients.informer<Pod>(podsRef, scope)
  const services: KubeletServices = {
    ...{ connections, clock, log },
    pod: async (namespace, name) => pods.get(namespace, name),
    pods: async (node) => pods.list().filter(({ spec }) => spec.nodeName === node),
  }
  return async (exchange: Exchange, upgrade: Upgrade | undefined): Promise<void> => {
    const node = nodeOf(exchange.socket, nodes)
    await access.enter(exchange, node, subresourceOf(parseRoute(exchange.path)))
    listener.greet(exchange.socket)
    await serveKubelet(exchange, upgrade, { node, path: exchange.path }, services)
  }
}

/** By the name that the client looks for, where it says one. */
function nodeOf(socket: TLSSocket, nodes: readonly string[]): string {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false }
  return nodes.find((name) => name === servername) ?? nodes[0] ?? ''
}
