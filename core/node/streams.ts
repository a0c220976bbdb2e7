/** How the API reaches the containers of a node. */
import type { NodeStreams, PodRef } from '../api/contract.js'
import { ApiError } from '../client/contract.js'
import type { Clock } from '../kernel/contract.js'
import { type Container, type Runtime, type RuntimeCapabilities, RuntimeError } from './contract.js'
import type { PodWorker } from './pod-worker.js'
import { containersOf } from './state.js'
import { nodeUsage } from './usage.js'

export interface StreamsContext {
  readonly runtime: Runtime
  readonly supports: RuntimeCapabilities
  worker(uid: string): PodWorker | undefined
  workers(): Iterable<PodWorker>
  readonly clock: Clock
}

export function createStreams(context: StreamsContext): NodeStreams {
  const { runtime } = context
  return {
    async *logs(pod, { container, previous, ...options }) {
      requireSupport(context, 'logs')
      const found = previous ? previousOf(context, pod, container) : latestOf(context, pod, container)
      try {
        yield* runtime.logs(found.id, options)
      } catch (error) {
        throw told(error)
      }
    },
    async exec(pod, options, streams) {
      requireSupport(context, 'exec')
      const found = runningOf(context, pod, options.container)
      return runtime.exec(found.id, { command: options.command, ...requestOf(options, streams) }).catch(retell)
    },
    async attach(pod, options, streams) {
      requireSupport(context, 'attach')
      const { id } = runningOf(context, pod, options.container)
      const tty = hasTerminal(context, pod, options.container)
      await runtime.attach(id, requestOf({ ...options, tty }, streams)).catch(retell)
    },
    async dial(pod, port) {
      requireSupport(context, 'portForward')
      const sandbox = workerOf(context, pod).sandboxes.find((item) => item.state === 'ready')
      if (!sandbox) throw ApiError.badRequest(`pod ${pod.name} does not run`)
      return runtime.dial(sandbox.id, port).catch(retell)
    },
    async usage() {
      requireSupport(context, 'stats')
      return nodeUsage({ ...context, hollow: context.supports.hollow })
    },
  }
}

/** What a runtime says of a container, which may be gone by now, is an answer to the client and no fault of the server. */
function told(error: unknown): unknown {
  return error instanceof RuntimeError ? ApiError.internal(error) : error
}
function retell(error: unknown): never {
  throw told(error)
}

type Ends = Parameters<NodeStreams['exec']>[2]
type Wanted = Omit<Parameters<NodeStreams['exec']>[1], 'command'>

function requestOf({ tty, stdin, stdout, stderr }: Wanted, streams: Ends) {
  return {
    tty,
    stdin: stdin ? streams.stdin : undefined,
    stdout: stdout ? (chunk: Uint8Array) => streams.stdout(chunk) : undefined,
    stderr: stderr ? (chunk: Uint8Array) => streams.stderr(chunk) : undefined,
    resize: streams.resize,
    signal: streams.signal,
  }
}

/** Whether its process has a terminal was settled when it was made, whatever the client has. */
function hasTerminal(context: StreamsContext, pod: PodRef, name: string): boolean {
  return containersOf(workerOf(context, pod).current.spec).find((item) => item.name === name)?.tty ?? false
}

function requireSupport({ supports }: StreamsContext, capability: keyof RuntimeCapabilities & string): void {
  if (!supports[capability]) throw ApiError.badRequest(`the container runtime of this node does not support ${capability}`)
}

function workerOf({ worker }: StreamsContext, pod: PodRef): PodWorker {
  const found = worker(pod.uid)
  if (!found) throw ApiError.notFound({ group: '', resource: 'pods' }, pod.name)
  return found
}

/** Newest first. */
function attemptsOf(context: StreamsContext, pod: PodRef, name: string): readonly Container[] {
  const worker = workerOf(context, pod)
  if (!containersOf(worker.current.spec).some((item) => item.name === name)) {
    throw ApiError.badRequest(`container ${name} is not valid for pod ${pod.name}`)
  }
  return worker.containers.filter((item) => item.name === name).sort((a, b) => b.attempt - a.attempt)
}

function latestOf(context: StreamsContext, pod: PodRef, name: string): Container {
  const [latest] = attemptsOf(context, pod, name).filter((item) => item.state !== 'created')
  if (latest) return latest
  const status = workerOf(context, pod).current.status?.containerStatuses?.find((item) => item.name === name)
  const reason = status?.state?.waiting?.reason ?? 'ContainerCreating'
  throw ApiError.badRequest(`container "${name}" in pod "${pod.name}" is waiting to start: ${reason}`)
}

/** The end that the status shows as the last one: the newest attempt while that waits for its restart. */
function previousOf(context: StreamsContext, pod: PodRef, name: string): Container {
  const attempts = attemptsOf(context, pod, name)
  const statuses = workerOf(context, pod).current.status?.containerStatuses
  const waits = statuses?.find((item) => item.name === name)?.state?.waiting !== undefined
  const previous = attempts.slice(waits ? 0 : 1).find((item) => item.state === 'exited')
  if (previous) return previous
  throw ApiError.badRequest(`previous terminated container "${name}" in pod "${pod.name}" not found`)
}

function runningOf(context: StreamsContext, pod: PodRef, name: string): Container {
  const running = attemptsOf(context, pod, name).find((item) => item.state === 'running')
  if (running) return running
  throw ApiError.badRequest(`container ${name} in pod ${pod.name} is not running`)
}
