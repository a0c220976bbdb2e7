/** A node for this room's tests: its "containers" are processes of this machine, its ports those of loopback. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { ApiError } from '../../client/contract.js'
import { definePlugin } from '../../kernel/contract.js'
import {
  type ExecOptions,
  type ExecStreams,
  type LogOptions,
  NodeConnectionsToken,
  type NodeStreams,
  type PodRef,
} from '../contract.js'

export interface TestNode extends NodeStreams {
  readonly asked: { pod: PodRef; options: LogOptions }[]
  readonly sizes: { readonly width: number; readonly height: number }[]
  /** Lines of the log; a follower sees those that are added later. */
  readonly lines: string[]
  add(line: string): void
  /** Ends followers. */
  stop(): void
}

export function createTestNode(): TestNode {
  const listeners = new Set<() => void>()
  let stopped = false
  const notify = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const node: TestNode = {
    asked: [],
    sizes: [],
    lines: [],
    add(line) {
      node.lines.push(line)
      notify()
    },
    stop() {
      stopped = true
      notify()
    },
    async *logs(pod, options) {
      node.asked.push({ pod, options })
      if (options.previous)
        throw ApiError.badRequest(`previous terminated container "${options.container}" in pod "${pod.name}" not found`)
      let at = options.tailLines === undefined ? 0 : Math.max(0, node.lines.length - options.tailLines)
      while (true) {
        for (; at < node.lines.length; at++) yield Buffer.from(`${node.lines[at]}\n`)
        if (!options.follow || stopped || options.signal.aborted) return
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            listeners.delete(wake)
            options.signal.removeEventListener('abort', wake)
            resolve()
          }
          listeners.add(wake)
          options.signal.addEventListener('abort', wake)
        })
      }
    },
    async exec(_pod, options, streams) {
      const ended = await run(node, options, streams)
      // As runtimes do: what was cut short has no exit code.
      streams.signal.throwIfAborted()
      return ended
    },
    async attach(_pod, options, streams) {
      await run(node, { ...options, command: ['cat'] }, streams)
    },
    async dial(_pod, port) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
  }
  return node
}

async function run(node: TestNode, options: ExecOptions, streams: ExecStreams): Promise<{ readonly exitCode: number }> {
  const [file = '', ...rest] = options.command
  const child = spawn(file, rest, { stdio: 'pipe' })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error))
  const closed = once(child, 'close')
  const kill = (): void => void child.kill('SIGKILL')
  streams.signal.addEventListener('abort', kill)
  child.stdin.on('error', () => {})
  void feed(streams.stdin, child.stdin)
  void watchSizes(node, streams)
  const outputs = Promise.all([drain(child.stdout, streams.stdout), drain(child.stderr, streams.stderr)])
  try {
    const [code] = (await Promise.race([closed, failed])) as [number | null]
    await outputs
    return { exitCode: code ?? 137 }
  } catch (error) {
    throw ApiError.internal(error)
  } finally {
    failed.catch(() => {})
    streams.signal.removeEventListener('abort', kill)
  }
}

async function feed(from: AsyncIterable<Uint8Array>, to: NodeJS.WritableStream): Promise<void> {
  for await (const chunk of from) if (!to.write(chunk)) await once(to as NodeJS.EventEmitter, 'drain').catch(() => {})
  to.end()
}
async function drain(from: AsyncIterable<Uint8Array>, to: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of from) await to(chunk)
}
async function watchSizes(node: TestNode, streams: ExecStreams): Promise<void> {
  for await (const size of streams.resize) node.sizes.push(size)
}

/** Registers `streams` as the agent of node `name`. */
export function nodePlugin(name: string, streams: NodeStreams) {
  return definePlugin({
    id: `test-${name}`,
    api: '^1.0',
    requires: { connections: NodeConnectionsToken },
    async setup(context, { connections }) {
      context.defer(connections.register(name, streams))
      return {}
    },
  })
}
