/**
 * The way to the Docker daemon: dockerode, loaded when a node first opens it, over a pool of connections that ends with
 * the runtime.
 */
import { Agent } from 'node:http'
import type { Readable } from 'node:stream'
import type { RuntimeProblem } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import type Docker from 'dockerode'
import { jsonLines } from './json-lines.js'
import { elsewhere } from './probe.js'

export interface Engine {
  readonly docker: Docker
  /** A response as it comes: dockerode itself collects those that end. */
  stream(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Readable>
  /** Rejects when there is no answer in time: this is how a daemon that hangs is found out. */
  version(): Promise<{ readonly Version: string; readonly Arch: string }>
  close(): void
}

const longestSilenceMs = 10_000

type Dial = (
  options: {
    path: string
    method: 'GET'
    isStream: true
    statusCodes: Record<number, true>
    options: Record<string, string>
    abortSignal: AbortSignal
  },
  done: (error: Error | null, stream: Readable) => void,
) => void

export async function connectEngine(socketPath: string): Promise<Engine> {
  const reason = elsewhere(socketPath)
  if (reason) throw new Error(reason)
  const { default: Dockerode } = await import('dockerode')
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 4 })
  // What the environment says of another daemon is not meant; the client's types do not know that it passes an agent on.
  const options: Docker.DockerOptions & { readonly agent: Agent } = { socketPath, agent, host: undefined, timeout: undefined }
  const docker = new Dockerode(options)
  const modem = docker.modem as { dial: Dial }
  const stream: Engine['stream'] = (path, query, signal) =>
    new Promise((resolve, reject) => {
      const request = { path: `${path}?`, method: 'GET', isStream: true, statusCodes: { 200: true } } as const
      modem.dial({ ...request, options: { ...query }, abortSignal: signal }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      )
    })
  return {
    docker,
    stream,
    async version() {
      const late = AbortSignal.timeout(longestSilenceMs)
      try {
        for await (const answer of jsonLines(await stream('/version', {}, late))) return answer as Docker.DockerVersion
        throw new Error('Docker does not say its version')
      } catch (error) {
        throw late.aborted ? new Error(`no answer from Docker within ${longestSilenceMs} ms`, { cause: error }) : error
      }
    },
    close: () => agent.destroy(),
  }
}

/** The daemon's answer to a call that failed; undefined: it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  return typeof status === 'number' ? status : undefined
}

/** In the daemon's own words. */
export function messageOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } } | undefined)?.json?.message
  return typeof said === 'string' ? said : error instanceof Error ? error.message.trim() : String(error)
}

/** Runs a call whose purpose is served as well when the daemon answers with one of `statuses`. */
export async function unless<T>(statuses: readonly number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined
    throw error
  }
}

/**
 * What a daemon answers is about this Pod (a port that is taken, a path that is not there) and a matter of the user,
 * whatever the status says; no answer is a fault of the runtime and passes as it is.
 */
export function problem(kind: RuntimeProblem, error: unknown): unknown {
  if (error instanceof RuntimeError || statusOf(error) === undefined) return error
  return new RuntimeError(kind, messageOf(error), { cause: error })
}
