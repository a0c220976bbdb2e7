import type { Clock, Logger, Random } from '../kernel/contract.js'
import { type KubeObject, parseJson } from '../kinds/contract.js'
import { ApiError, type FailureStatus } from './api-error.js'
import { type ClientsOptions, createClients, systemIdentity } from './clients.js'
import type {
  Client,
  Clients,
  ClientWatchOptions,
  ClientWatchSink,
  DeleteOptions,
  Fence,
  Identity,
  ListOptions,
  ObjectList,
  PatchType,
  ResourceRef,
  WriteOptions,
} from './contract.js'
import type { Connection } from './kubeconfig.js'
import { defined, deleteBody, listQuery, watchQuery, writeQuery } from './query.js'
import { type Call, Transport } from './transport.js'

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/**
 * A client of an API server elsewhere. It acts as whoever the connection's credentials say; `identity` names the field
 * manager, and where `impersonate` is set, the user whom those credentials ask to act as.
 */
export class HttpsClient implements Client {
  readonly #transport: Transport
  readonly #identity: Identity
  readonly #headers: Readonly<Record<string, string | readonly string[]>>
  readonly #fence: Fence | undefined

  constructor(transport: Transport, identity: Identity, impersonate = false, fence?: Fence) {
    this.#transport = transport
    this.#identity = identity
    this.#fence = fence
    const { name, groups = [], manager = name } = identity
    this.#headers = {
      'user-agent': manager,
      ...(impersonate ? { 'impersonate-user': name, ...(groups.length > 0 ? { 'impersonate-group': groups } : {}) } : {}),
    }
  }

  async get<T extends KubeObject>(resource: ResourceRef<T>, namespace: string, name: string): Promise<T> {
    return this.#call<T>({ method: 'GET', path: pathOf(resource, namespace, name) })
  }

  async list<T extends KubeObject>(resource: ResourceRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const path = pathOf(resource, options.namespace ?? '')
    const list = await this.#call<ListReply<T>>({ method: 'GET', path, query: listQuery(options) })
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    // Some servers leave out of items what the list says of all of them.
    const items = list.items.map((item) =>
      frozen({ ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? resource.kind }),
    )
    const { resourceVersion = '', continue: more } = list.metadata
    return { items, resourceVersion, ...(more ? { continue: more } : {}) }
  }

  watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: ClientWatchOptions,
    sink: ClientWatchSink<T>,
  ): { close(): void } {
    const path = pathOf(resource, options.namespace ?? '')
    const query = watchQuery(options, sink.bookmark !== undefined)
    const call: Call = { method: 'GET', path, query, headers: this.#headers }
    let ended = false
    const end = (error?: ApiError): void => {
      if (ended) return
      ended = true
      handle.close()
      sink.end(error)
    }
    const line = (text: string): void => {
      if (ended) return
      const event = eventOf<T>(text)
      if (event instanceof ApiError) end(event)
      else if (event.type === 'BOOKMARK') sink.bookmark?.(event.object.metadata.resourceVersion ?? '')
      else sink.event(event.type, frozen(event.object))
    }
    const handle = this.#transport.stream(call, { line, end })
    const close = (): void => {
      ended = true
      handle.close()
    }
    return { close }
  }

  async create<T extends KubeObject>(resource: ResourceRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write<T>('POST', pathOf(resource, object.metadata.namespace ?? ''), object, options)
  }

  async update<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { namespace = '', name } = object.metadata
    return this.#write<T>('PUT', pathOf(resource, namespace, name, options.subresource), object, options)
  }

  updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.update(resource, object, { ...options, subresource: 'status' })
  }

  async patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { subresource?: string; force?: boolean } = {},
  ): Promise<T> {
    const path = pathOf(resource, namespace, name, options.subresource)
    const query = writeQuery(this.#identity, options, options.force)
    return this.#call<T>({ method: 'PATCH', path, query, body: patch, contentType: patchContentTypes[type] })
  }

  async delete<T extends KubeObject>(
    resource: ResourceRef<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#call({ method: 'DELETE', path: pathOf(resource, namespace, name), body: deleteBody(options) })
  }

  async getSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<KubeObject> {
    const path = pathOf(resource, namespace, name, subresource)
    return this.#call<KubeObject>({ method: 'GET', path, query: defined(query) })
  }

  async createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return this.#write<KubeObject>('POST', pathOf(resource, namespace, name, subresource), body, options)
  }

  #write<T>(method: 'POST' | 'PUT', path: string, body: KubeObject, options: WriteOptions): Promise<T> {
    return this.#call<T>({ method, path, body, query: writeQuery(this.#identity, options) })
  }

  async #call<T>(call: Call): Promise<T> {
    // The server cannot ask it: what is on its way already is not held back.
    this.#fence?.check()
    return frozen((await this.#transport.call({ ...call, headers: this.#headers })) as T)
  }
}

interface EventReply<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: T
}

/** One line of a watch; an error where the server ends it with one, or speaks something else. */
function eventOf<T>(text: string): EventReply<T> | ApiError {
  try {
    const event = parseJson(text) as { type: string; object: unknown }
    if (event.type !== 'ERROR') return event as EventReply<T>
    return ApiError.fromReply((event.object as Partial<FailureStatus>).code ?? 500, event.object)
  } catch {
    return ApiError.internal(new Error(`the server sent what is no event: ${text.slice(0, 80)}`))
  }
}

interface ListReply<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items: readonly T[]
}

export interface HttpsClientsOptions {
  readonly connection: Connection
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Ask to act as each identity; the credentials must be allowed to. */
  readonly impersonate?: boolean
}

export interface HttpsClients extends Clients {
  /** PEM. All clients act by this certificate from here on; watches that run are begun anew. */
  renew(certificate: string, key: string): void
  close(): void
}

/** Clients of an API server elsewhere, on shared connections. */
export function createHttpsClients(options: HttpsClientsOptions): HttpsClients {
  const { connection, clock, random, log, impersonate = false } = options
  const transport = new Transport(connection)
  const as: ClientsOptions['as'] = (identity, fence) =>
    new HttpsClient(transport, identity, impersonate && identity !== systemIdentity, fence)
  const clients = createClients({ shared: true, as, clock, random, log })
  return {
    eventTurns: clients.eventTurns,
    shared: clients.shared,
    as: (identity, fence) => clients.as(identity, fence),
    informer: (resource, scope) => clients.informer(resource, scope),
    follow: (resource, scope) => clients.follow(resource, scope),
    renew: (certificate, key) => transport.renew(certificate, key),
    close() {
      clients.close()
      transport.close()
    },
  }
}

function pathOf({ group, version, resource }: ResourceRef, namespace: string, name = '', subresource = ''): string {
  const parts = [group === '' ? 'api' : `apis/${group}`, version]
  if (namespace !== '') parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(resource)
  if (name !== '') parts.push(encodeURIComponent(name))
  if (subresource !== '') parts.push(subresource)
  return `/${parts.join('/')}`
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) frozen(child)
  return Object.freeze(value)
}
