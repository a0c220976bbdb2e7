/** What the agent of a node does for the API: a part of the room's contract. */
import type { Duplex } from 'node:stream'

export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}
export interface LogOptions {
  readonly container: string
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly tailLines?: number
  readonly limitBytes?: number
  /** Milliseconds since 1970. */
  readonly sinceTime?: number
  readonly signal: AbortSignal
}
export interface ExecOptions {
  readonly container: string
  readonly command: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}
/** The caller's ends of the streams. Back-pressure: `write` resolves when more may come. */
export interface ExecStreams {
  readonly stdin: AsyncIterable<Uint8Array>
  stdout(chunk: Uint8Array): Promise<void>
  stderr(chunk: Uint8Array): Promise<void>
  /** Terminal sizes as they come. */
  readonly resize: AsyncIterable<{ readonly width: number; readonly height: number }>
  readonly signal: AbortSignal
}
export interface NodeStreams {
  /** Rejects with `ApiError` 400 when the container is not started yet. Ends when the container does, or the signal aborts. */
  logs(pod: PodRef, options: LogOptions): AsyncIterable<Uint8Array>
  exec(pod: PodRef, options: ExecOptions, streams: ExecStreams): Promise<{ readonly exitCode: number }>
  /** As `exec`, on the container's own process. */
  attach(pod: PodRef, options: Omit<ExecOptions, 'command'>, streams: ExecStreams): Promise<void>
  /** A connection to a port inside the pod's network namespace. */
  dial(pod: PodRef, port: number): Promise<Duplex>
  /**
   * What runs there has used up to now, read from the runtime at each call: the agent keeps nothing and measures nothing by
   * itself. Expensive on a full node (one question to the runtime for each container). Absent, or rejecting with 400: the
   * runtime counts nothing. What can no more be read has ended meanwhile, and is left out.
   */
  usage?(signal?: AbortSignal): Promise<NodeUsage>
}

/**
 * Counters and levels at one moment. The counter of a CPU only grows: what is used per second is the difference of two
 * answers by the time between them, or one answer by the time since `startedAt`, where the counter was 0.
 */
export interface Usage {
  /** When it was read, milliseconds since 1970. */
  readonly at: number
  /** Nanoseconds of one core. */
  readonly cpuNanoseconds: number
  /** The working set: in use, and not to be had back by dropping caches. */
  readonly memoryBytes: number
}
export interface NodeUsage {
  /** When it was asked for, milliseconds since 1970. */
  readonly at: number
  /** Of the whole machine. Absent for a simulated node, which has none: its containers are all that it has. */
  readonly node?: Usage
  /** Of those with a container that runs. */
  readonly pods: readonly (PodRef & { readonly containers: readonly ContainerUsage[] })[]
}
export interface ContainerUsage extends Usage {
  readonly name: string
  /** Another id: it was started anew, and its counter with it. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}
