/** The way to the runtime: gRPC over its unix socket. The library is loaded when a node is first opened. */
import type { ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js'
import type { StreamCalls, UnaryCalls } from './messages.js'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Default one minute: what a runtime that hangs may hold up. 0: no limit. */
  readonly timeoutMs?: number
}

export interface Client {
  call<C extends keyof UnaryCalls>(
    name: C,
    request: UnaryCalls[C]['request'],
    options?: CallOptions,
  ): Promise<UnaryCalls[C]['response']>
  /** Ends quietly when the signal aborts, and rejects when the runtime refuses or is lost. */
  stream<C extends keyof StreamCalls>(
    name: C,
    request: StreamCalls[C]['request'],
    signal: AbortSignal,
  ): AsyncIterable<StreamCalls[C]['response']>
  close(): void
}

const usualTimeout = 60_000
/** `ExecSync` answers with up to 16 MiB of each stream. */
const longestAnswer = 40 * 2 ** 20

type Unary = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, answer: unknown) => void,
) => { cancel(): void }
type Streaming = (request: object, metadata: Metadata) => ClientReadableStream<unknown>

export async function connectClient(socket: string): Promise<Client> {
  const [grpc, loader, { descriptor, services }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@grpc/proto-loader'),
    import('./messages.js'),
  ])
  const options = { longs: Number, enums: String, defaults: true, arrays: true, objects: true }
  const definitions = loader.fromJSON(descriptor(), options)
  const channel = {
    'grpc.max_receive_message_length': longestAnswer,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 3_000,
    // One connection of our own, which ends with us.
    'grpc.use_local_subchannel_pool': 1,
  }
  const clients = Object.keys(services).map((name) => {
    const Constructor = grpc.makeGenericClientConstructor(definitions[name] as import('@grpc/grpc-js').ServiceDefinition, name)
    return new Constructor(`unix://${socket}`, grpc.credentials.createInsecure(), channel)
  })
  const methodOf = (name: string): unknown => {
    const client = clients.find((each) => typeof each[name] === 'function')
    return (client?.[name] as (() => unknown) | undefined)?.bind(client)
  }
  // containerd's own services want to know whose containers are meant; the interface does not look at it.
  const metadata = new grpc.Metadata()
  metadata.set('containerd-namespace', 'k8s.io')
  const methods = new Map<string, unknown>()
  for (const calls of Object.values(services)) for (const name of Object.keys(calls)) methods.set(name, methodOf(name))

  return {
    call: (name, request, { signal, timeoutMs = usualTimeout } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const limit = timeoutMs > 0 ? { deadline: Date.now() + timeoutMs } : {}
        const method = methods.get(name) as Unary
        const onAbort = (): void => call.cancel()
        const call = method(request, metadata, limit, (error, answer) => {
          signal?.removeEventListener('abort', onAbort)
          if (error) reject(error)
          else resolve(answer as UnaryCalls[typeof name]['response'])
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    async *stream(name, request, signal) {
      if (signal.aborted) return
      const call = (methods.get(name) as Streaming)(request, metadata)
      const onAbort = (): void => call.cancel()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        for await (const message of call) yield message as StreamCalls[typeof name]['response']
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        signal.removeEventListener('abort', onAbort)
        call.cancel()
      }
    },
    close() {
      for (const client of clients) client.close()
    },
  }
}
