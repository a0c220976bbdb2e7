import type { ApiPipeline, ApiRequest, ApiResult, ApiVerb, UserInfo } from '../api/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { ApiError, type FailureStatus } from './api-error.js'
import type {
  Client,
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
import { defined, deleteBody, listQuery, type Query, watchQuery, writeQuery } from './query.js'

type Where = Pick<ApiRequest, 'namespace' | 'name'> & { readonly subresource?: string }

/**
 * A client inside the API's own process: no HTTP and no copies, but the same authorisation, admission and validation.
 * What comes out are the frozen objects of the API's cache.
 */
export class InProcessClient implements Client {
  readonly #pipeline: ApiPipeline
  readonly #identity: Identity
  readonly #user: UserInfo
  readonly #fence: Fence | undefined

  constructor(pipeline: ApiPipeline, identity: Identity, fence?: Fence) {
    this.#pipeline = pipeline
    this.#fence = fence
    this.#identity = identity
    this.#user = { name: identity.name, groups: [...(identity.groups ?? []), 'system:authenticated'] }
  }

  async get<T extends KubeObject>(resource: ResourceRef<T>, namespace: string, name: string): Promise<T> {
    return this.#object<T>('get', resource, { namespace, name })
  }

  async list<T extends KubeObject>(resource: ResourceRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const where = { namespace: options.namespace ?? '', name: '' }
    const result = await this.#handle('list', resource, where, { query: listQuery(options) })
    // Another server's list comes as the object that it is.
    if (result.type === 'object') return listOf<T>(result.object)
    if (result.type !== 'list') throw unexpected(result)
    return {
      items: result.items.map((item) => item.object as T),
      resourceVersion: result.resourceVersion,
      ...(result.continue === undefined ? {} : { continue: result.continue }),
    }
  }

  watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: ClientWatchOptions,
    sink: ClientWatchSink<T>,
  ): { close(): void } {
    const watch = new InProcessWatch(sink)
    const where = { namespace: options.namespace ?? '', name: '' }
    const query = watchQuery(options, sink.bookmark !== undefined)
    this.#handle('watch', resource, where, { query }).then(
      (result) => watch.open(result),
      (error) => watch.end(error as Error),
    )
    return watch
  }

  async create<T extends KubeObject>(resource: ResourceRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const where = { namespace: object.metadata.namespace ?? '', name: '' }
    return this.#object<T>('create', resource, where, this.#write(object, options))
  }

  async update<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const where = { ...placeOf(object), ...subresourceOf(options.subresource) }
    return this.#object<T>('update', resource, where, this.#write(object, options))
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
    const where = { namespace, name, ...subresourceOf(options.subresource) }
    return this.#object<T>('patch', resource, where, { ...this.#write(patch, options, options.force), patchType: type })
  }

  async delete<T extends KubeObject>(
    resource: ResourceRef<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const cause = options.cause === undefined ? {} : { cause: options.cause }
    await this.#handle('delete', resource, { namespace, name }, { body: deleteBody(options), ...cause })
  }

  async getSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<KubeObject> {
    return this.#object<KubeObject>('get', resource, { namespace, name, subresource }, { query: defined(query) })
  }

  async createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return this.#object<KubeObject>('create', resource, { namespace, name, subresource }, this.#write(body, options))
  }

  #write(body: unknown, options: WriteOptions, force?: boolean): Partial<ApiRequest> {
    const query = writeQuery(this.#identity, options, force)
    return { body, query, ...(options.cause === undefined ? {} : { cause: options.cause }) }
  }

  async #object<T extends KubeObject>(
    verb: ApiVerb,
    resource: ResourceRef,
    where: Where,
    request: Partial<ApiRequest> = {},
  ): Promise<T> {
    const result = await this.#handle(verb, resource, where, request)
    if (result.type !== 'object') throw unexpected(result)
    return result.object as T
  }

  #handle(verb: ApiVerb, resource: ResourceRef, where: Where, request: Partial<ApiRequest>): Promise<ApiResult> {
    const { group, version, resource: plural } = resource
    const none: Query = {}
    const userAgent = this.#identity.manager ?? this.#identity.name
    return this.#pipeline.handle({
      verb,
      group,
      version,
      resource: plural,
      query: none,
      user: this.#user,
      userAgent,
      fence: this.#fence,
      ...where,
      ...request,
    })
  }
}

class InProcessWatch<T extends KubeObject> {
  readonly #sink: ClientWatchSink<T>
  #handle: { close(): void } | undefined
  #closed = false

  constructor(sink: ClientWatchSink<T>) {
    this.#sink = sink
  }

  open(result: ApiResult): void {
    if (this.#closed) return
    if (result.type !== 'watch') {
      this.end(unexpected(result))
      return
    }
    const sink = this.#sink
    this.#handle = result.open({
      batch: ({ events }) => {
        for (const { type, item } of events) if (!this.#closed) sink.event(type, item.object as T)
      },
      bookmark: (resourceVersion) => {
        if (!this.#closed) sink.bookmark?.(resourceVersion)
      },
      end: (status) => this.end(status && new ApiError(status as unknown as FailureStatus)),
    })
    if (this.#closed) this.#handle.close()
  }

  end(error: Error | undefined): void {
    if (this.#closed) return
    this.close()
    this.#sink.end(error)
  }

  close(): void {
    this.#closed = true
    this.#handle?.close()
  }
}

function listOf<T>(list: KubeObject): ObjectList<T> {
  const { items, metadata } = list as KubeObject & { readonly items?: readonly T[] }
  if (!Array.isArray(items)) throw ApiError.internal(new Error('the answer to a list is no list'))
  return { items, resourceVersion: metadata?.resourceVersion ?? '' }
}

function placeOf({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}

function subresourceOf(subresource: string | undefined): { subresource?: string } {
  return subresource === undefined ? {} : { subresource }
}

function unexpected(result: ApiResult): ApiError {
  return ApiError.internal(new Error(`the API answered with a result of type ${result.type}`))
}
