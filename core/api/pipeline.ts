/** The way of a request: which resource, may the user, then the verb. */
import { ApiError } from '../client/contract.js'
import { DavitError } from '../kernel/contract.js'
import type { ResourceKind } from '../kinds/contract.js'
import { authorize } from './authorize.js'
import { bind } from './binding.js'
import type { ApiPipeline, ApiRequest, ApiResult, ApiVerb } from './contract.js'
import { create } from './create.js'
import { delegated } from './delegated.js'
import { deleteObject } from './delete.js'
import { deleteCollection } from './delete-collection.js'
import { made } from './made.js'
import { checkPath } from './names.js'
import { createNotes, isAdmitted } from './notes.js'
import { patch } from './patch.js'
import { get, list } from './read.js'
import { handleRecorded } from './records.js'
import type { Resource } from './resource.js'
import { review } from './reviews.js'
import type { ApiServices } from './services.js'
import { subresource } from './subresources.js'
import { update } from './update.js'
import { watch } from './watch.js'
import { storeFailure } from './writes.js'

type Serve = (services: ApiServices, resource: Resource, request: ApiRequest) => Promise<ApiResult>

const verbs: Readonly<Partial<Record<ApiVerb, Serve>>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteObject,
  deletecollection: deleteCollection,
}
const onObjects: ReadonlySet<ApiVerb> = new Set(['get', 'update', 'patch', 'delete'])

export function createPipeline(services: ApiServices): ApiPipeline {
  return {
    shared: services.store.supports.remote,
    async handle(given) {
      // One that the transport records has its record already.
      if (!given.record && services.hooks.requests.tapped) return handleRecorded(services, this, given)
      const request = given.notes || !isAdmitted(given.verb, given.subresource) ? given : { ...given, notes: createNotes() }
      try {
        request.fence?.check()
        const kind = services.kinds.resource(request.group, request.version, request.resource)
        if (!kind) return await delegated(services, request)
        const resource = resourceOf(services, kind, request)
        const asking = authorize(services.hooks, request)
        if (asking) await asking
        return withDeprecation(resource.kind, withNotes(request, await serve(services, resource, request)))
      } catch (error) {
        throw refusal(services, request, error)
      }
    },
  }
}

/** With the warnings of admission behind those of decoding. */
function withNotes({ notes }: ApiRequest, result: ApiResult): ApiResult {
  if (!notes || notes.warnings.length === 0 || result.type === 'watch') return result
  return { ...result, warnings: [...(result.warnings ?? []), ...notes.warnings] }
}

/** Served as long as clients want it, with a word on what to use instead. */
const deprecated: ReadonlyMap<string, string> = new Map([
  ['v1/endpoints', 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
])

function withDeprecation(kind: ResourceKind, result: ApiResult): ApiResult {
  // Asked of every request: a kind of another group needs no text to be put together.
  if ((kind.group !== '' && !kind.custom?.deprecation) || result.type === 'watch') return result
  const warning = kind.custom?.deprecation ?? deprecated.get(`${kind.version}/${kind.resource}`)
  return warning === undefined ? result : { ...result, warnings: [...(result.warnings ?? []), warning] }
}

/** 404 for what is not served, 400 for a name that could not be one. */
function resourceOf(services: ApiServices, kind: ResourceKind, request: ApiRequest): Resource {
  checkPath(request)
  if (!kind.namespaced && request.namespace !== '') throw ApiError.unknownPath()
  return services.resource(kind)
}

function serve(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { kind } = resource
  const { verb } = request
  if (request.subresource) {
    checkPlace(resource, request, true)
    return subresource(services, resource, request)
  }
  const run = verbs[verb]
  if (!run || !kind.verbs.some((one) => one === verb)) throw ApiError.methodNotAllowed(kind, verb)
  checkPlace(resource, request, onObjects.has(verb))
  if (verb === 'create' && kind.custom?.terminating) throw terminating(kind)
  if (kind.stored) return run(services, resource, request)
  if (kind.source && (verb === 'get' || verb === 'list')) return made(kind.source, resource, request)
  return kind.kind === 'Binding' ? bind(services, request) : review(services, resource, request)
}

function terminating({ group, resource }: ResourceKind): ApiError {
  const message = 'create not allowed while custom resource definition is terminating'
  return ApiError.of('MethodNotAllowed', message, { group, kind: resource })
}

/** A write into a collection names its namespace; a request on an object names both. */
function checkPlace({ kind }: Resource, request: ApiRequest, onObject: boolean): void {
  const isPost = request.verb === 'create' && !request.subresource
  if (onObject ? request.name === '' : isPost && request.name !== '') throw ApiError.methodNotAllowed(kind, request.verb)
  const spansNamespaces = request.verb === 'list' || request.verb === 'watch'
  if (kind.namespaced && request.namespace === '' && !spansNamespaces) throw ApiError.methodNotAllowed(kind, request.verb)
}

/** Whatever went wrong, as a Status. What is no refusal is our own bug, and logged as one. */
function refusal(services: ApiServices, request: ApiRequest, error: unknown): unknown {
  if (error instanceof ApiError) return error
  if (request.signal?.aborted && error === request.signal.reason) return error
  if (error instanceof DavitError) return storeFailure(error)
  const { verb, group, resource, namespace, name } = request
  services.log.error({ error, verb, group, resource, namespace, name }, 'a request failed by a bug of the server')
  return ApiError.internal(error)
}
