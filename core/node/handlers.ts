/** What probes and hooks do: call a command, a URL or a port of a container, within a time. */
import { type RequestOptions, request } from 'node:http'
import { connect, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as tlsConnect } from 'node:tls'
import type { Clock } from '../kernel/contract.js'
import type { GRPCAction, HTTPGetAction, LifecycleHandler, Container as PodContainer, Probe } from '../kinds/contract.js'
import type { Runtime } from './contract.js'
import { askHealth } from './grpc-health.js'

/** Where the handlers of one container go. */
export interface Target {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly container: PodContainer
  readonly containerId: string
  /** The Pod's address, as the node reaches it. */
  readonly host: string
  /** Instead of a connection from the node, where containers are simulated. */
  readonly dial?: (port: number) => Promise<Duplex>
}
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string }

const ok: Outcome = { ok: true }
const failed = (message: string): Outcome => ({ ok: false, message })

/** Never rejects: what goes wrong is a failure of the probe. */
export async function runHandler(handler: LifecycleHandler | Probe, target: Target, timeoutMs: number): Promise<Outcome> {
  try {
    if (handler.exec) return await runExec(handler.exec.command ?? [], target, timeoutMs)
    if (handler.httpGet) return await runHttp(handler.httpGet, target, timeoutMs)
    if (handler.tcpSocket) return await runTcp(handler.tcpSocket, target, timeoutMs)
    if ('grpc' in handler && handler.grpc) return await runGrpc(handler.grpc, target, timeoutMs)
    if ('sleep' in handler && handler.sleep) await target.clock.sleep(Number(handler.sleep.seconds) * 1000)
    return ok
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

async function runExec(command: readonly string[], { runtime, containerId }: Target, timeoutMs: number): Promise<Outcome> {
  const result = await runtime.execSync(containerId, command, timeoutMs)
  if (result.timedOut)
    return failed(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`)
  if (result.exitCode === 0) return ok
  return failed(Buffer.concat([result.stdout, result.stderr]).toString('utf8').trim() || `command exited with ${result.exitCode}`)
}

/** Elsewhere than to the same host it is not followed: that is not this container's affair, and counts as an answer. */
const longestRedirects = 10

async function runHttp(action: HTTPGetAction, target: Target, timeoutMs: number): Promise<Outcome> {
  const port = portNumber(action.port, target.container)
  const host = action.host || target.host
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const headers = Object.fromEntries((action.httpHeaders ?? []).map((header) => [header.name, header.value]))
  const over = target.clock.monotonic() + timeoutMs
  let url = new URL(`${action.scheme === 'HTTPS' ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`)
  for (let turn = 0; turn <= longestRedirects; turn += 1) {
    const { status, location } = await ask(url, headers, target, Math.max(1, Math.ceil(over - target.clock.monotonic())))
    if (status < 200 || status >= 400) return failed(`HTTP probe failed with statuscode: ${status}`)
    const next = status >= 300 && location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined
    if (!next || next.hostname !== url.hostname) return ok
    url = next
  }
  return failed(`stopped after ${longestRedirects} redirects`)
}

interface Answer {
  readonly status: number
  readonly location: string | undefined
}

async function ask(url: URL, own: Readonly<Record<string, string>>, target: Target, timeoutMs: number): Promise<Answer> {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || (secure ? 443 : 80)
  const socket = await open(target, host, port, timeoutMs)
  const headers = { 'user-agent': 'kube-probe/1.33', accept: '*/*', connection: 'close', ...own }
  try {
    return await within(target.clock, timeoutMs, (resolve: (answer: Answer) => void, reject) => {
      // Without an agent, so that the connection which is already open is used.
      const createConnection = (): Duplex => (secure ? tlsConnect({ socket, rejectUnauthorized: false }) : socket)
      // Small servers end their lines in ways that Node would refuse, and other probes do not.
      const lenient = { insecureHTTPParser: true, createConnection }
      const call = request(
        { host, port, path: `${url.pathname}${url.search}`, headers, ...lenient } as RequestOptions,
        (response) => {
          response.resume()
          resolve({ status: response.statusCode ?? 0, location: response.headers.location })
        },
      )
      call.on('error', reject)
      call.end()
    })
  } finally {
    socket.destroy()
  }
}

async function runGrpc({ port, service = '' }: GRPCAction, target: Target, timeoutMs: number): Promise<Outcome> {
  const socket = await open(target, target.host, portNumber(port, target.container), timeoutMs)
  const over = new AbortController()
  try {
    const status = await within(target.clock, timeoutMs, (resolve: (status: string) => void, reject) => {
      askHealth(socket, target.host, service, over.signal).then(resolve, reject)
    })
    return status === 'SERVING' ? ok : failed(`service unhealthy (responded with "${status}")`)
  } finally {
    over.abort()
    socket.destroy()
  }
}

async function runTcp(
  action: { readonly port: number | string; readonly host?: string | undefined },
  target: Target,
  timeoutMs: number,
): Promise<Outcome> {
  const socket = await open(target, action.host || target.host, portNumber(action.port, target.container), timeoutMs)
  socket.destroy()
  return ok
}

/** A port may be named. */
export function portNumber(port: number | string, container: PodContainer): number {
  const number =
    typeof port === 'number' ? port : (container.ports?.find((item) => item.name === port)?.containerPort ?? Number(port))
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw new Error(`couldn't find port: ${port}`)
}

function open(target: Target, host: string, port: number, timeoutMs: number): Promise<Duplex> {
  if (target.dial) return target.dial(port)
  const socket = connect({ host, port })
  return within<Duplex>(target.clock, timeoutMs, (resolve, reject) => {
    socket.once('connect', () => resolve(socket))
    socket.on('error', reject)
  }).catch((error: unknown) => {
    socket.destroy()
    throw error
  })
}

function within<T>(
  clock: Clock,
  ms: number,
  work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => reject(new Error(`context deadline exceeded: no answer within ${ms / 1000}s`)))
    const settle =
      <V>(end: (value: V) => void) =>
      (value: V): void => {
        timer.cancel()
        end(value)
      }
    work(settle(resolve), settle(reject))
  })
}
