/** The gRPC library, loaded when the first store is opened: one client for each endpoint. */
import type { Client, ClientDuplexStream, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { descriptor, type StreamCalls, serviceOf, type UnaryCalls } from './messages.js'

export interface Tls {
  readonly ca: Buffer | undefined
  readonly cert: Buffer | undefined
  readonly key: Buffer | undefined
}

export type Duplex<C extends keyof StreamCalls> = ClientDuplexStream<StreamCalls[C]['request'], StreamCalls[C]['response']>

/** Calls of one endpoint. */
export interface Transport {
  readonly endpoint: string
  /** `done` is called exactly once, in a later turn. */
  unary<C extends keyof UnaryCalls>(
    name: C,
    request: UnaryCalls[C]['request'],
    done: (error: unknown, answer: UnaryCalls[C]['response'] | undefined) => void,
  ): { cancel(): void }
  stream<C extends keyof StreamCalls>(name: C): Duplex<C>
  close(): void
}

const options = {
  // A list of all Pods is one answer.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Finds out about a machine that is gone while nothing but watches is open.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // One connection of our own, which ends with us.
  'grpc.use_local_subchannel_pool': 1,
}

export async function createTransports(endpoints: readonly string[], tls: Tls): Promise<readonly Transport[]> {
  const [grpc, loader] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')])
  const definitions = loader.fromJSON(descriptor(), { longs: Number, defaults: true, arrays: true, objects: true })
  const methods = new Map<string, MethodDefinition<object, unknown>>()
  for (const [call, service] of serviceOf)
    methods.set(call, (definitions[service] as ServiceDefinition)[call] as MethodDefinition<object, unknown>)
  const { ca = null, cert = null, key = null } = tls
  const secure = grpc.credentials.createSsl(ca, key, cert)
  const insecure = grpc.credentials.createInsecure()
  // A member that lost the others refuses, rather than tell of a past that it does not know to be one.
  const metadata = new grpc.Metadata()
  metadata.set('hasleader', 'true')
  return endpoints.map((endpoint): Transport => {
    const { protocol, host } = new URL(endpoint)
    const client: Client = new grpc.Client(host, protocol === 'https:' ? secure : insecure, options)
    const methodOf = (name: string) => methods.get(name) as MethodDefinition<object, unknown>
    return {
      endpoint,
      unary(name, request, done) {
        const { path, requestSerialize, responseDeserialize } = methodOf(name)
        return client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, answer) =>
          done(error, answer as UnaryCalls[typeof name]['response'] | undefined),
        )
      },
      stream(name) {
        const { path, requestSerialize, responseDeserialize } = methodOf(name)
        const made: unknown = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata)
        return made as Duplex<typeof name>
      },
      close: () => client.close(),
    }
  })
}
