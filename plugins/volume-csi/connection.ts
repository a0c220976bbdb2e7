/** The way to a driver: gRPC over its unix socket. The library is loaded when the first driver is there. */

import { protocolDescriptor } from '@davit/core/node'
import type { ServiceDefinition, ServiceError } from '@grpc/grpc-js'
import { type CallsOf, protocol, type ServiceName } from './messages.js'

export interface Connection<S extends ServiceName> {
  /** Rejects with a `CallError` where the driver refuses, is not there, or takes longer than it may. */
  call<C extends keyof CallsOf<S> & string>(
    name: C,
    request: CallsOf<S>[C] extends { readonly request: infer Q } ? Q : never,
  ): Promise<CallsOf<S>[C] extends { readonly response: infer A } ? A : never>
  close(): void
}

/** In the driver's own words. */
export class CallError extends Error {
  /** Of gRPC. */
  readonly code: number
  constructor(call: string, error: ServiceError) {
    super(`${call}: ${error.details || error.message}`, { cause: error })
    this.name = 'CallError'
    this.code = error.code
  }
}

type Method = (request: object, options: object, done: (error: ServiceError | null, answer: unknown) => void) => void

export async function connect<S extends ServiceName>(socket: string, service: S, callMs: number): Promise<Connection<S>> {
  const { grpc, definitions } = await libraries()
  const Client = grpc.makeGenericClientConstructor(definitions[service] as ServiceDefinition, service)
  const client = new Client(`unix://${socket}`, grpc.credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 3_000,
    // One connection of our own, which ends with us.
    'grpc.use_local_subchannel_pool': 1,
  })
  return {
    call: (name, request) =>
      new Promise((resolve, reject) => {
        const method = (client[name] as Method).bind(client)
        method(request as object, { deadline: Date.now() + callMs }, (error, answer) => {
          if (error) reject(new CallError(name, error))
          else resolve(answer as never)
        })
      }),
    close: () => client.close(),
  }
}

async function libraries() {
  const [grpc, loader] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')])
  return { grpc, definitions: loader.fromJSON(protocolDescriptor(protocol), wireOptions) }
}

/** How messages become objects; the tests' driver reads them the same way. */
export const wireOptions = { longs: Number, enums: String, defaults: true, arrays: true, objects: true } as const
