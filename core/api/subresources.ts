/** Requests on a part of an object. */
import { ApiError } from '../client/contract.js'
import { validateAdmission } from './admission.js'
import { bind } from './binding.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { evict } from './eviction.js'
import { mergeEphemeralContainers, mergeFinalizers, mergeResources } from './finalize.js'
import { readItem } from './read.js'
import type { Resource } from './resource.js'
import { scale } from './scale.js'
import type { ApiServices } from './services.js'
import { mergeApproval, mergeStatus, partOfObject } from './status.js'
import { requestToken } from './token-request.js'

type Serve = (services: ApiServices, resource: Resource, request: ApiRequest) => Promise<ApiResult>

const served: Readonly<Record<string, Serve>> = {
  status: (services, resource, request) => partOfObject(services, resource, request, 'status', mergeStatus),
  approval: (services, resource, request) => partOfObject(services, resource, request, 'status', mergeApproval),
  finalize: (services, resource, request) => partOfObject(services, resource, request, 'subresource', mergeFinalizers),
  ephemeralcontainers: (services, resource, request) =>
    partOfObject(services, resource, request, 'subresource', mergeEphemeralContainers),
  resize: (services, resource, request) => partOfObject(services, resource, request, 'subresource', mergeResources),
  scale,
  token: requestToken,
  binding: (services, _resource, request) => bind(services, request),
  eviction: (services, _resource, request) => evict(services, request),
}

/** Streams to a node or a pod: the transport carries them, once the pipeline has let them through. */
const streams = new Set(['attach', 'exec', 'portforward', 'proxy', 'log'])

export function subresource(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { kind } = resource
  const name = request.subresource ?? ''
  const known = kind.subresources.get(name)
  if (!known) throw ApiError.unknownPath()
  const serve = streams.has(name) ? connect : Object.hasOwn(served, name) ? served[name] : undefined
  if (!serve) throw ApiError.unknownPath()
  if (!known.verbs.some((verb) => verb === request.verb)) throw ApiError.methodNotAllowed(kind, request.verb)
  return serve(services, resource, request)
}

/** Answers with the object whose stream is asked for. */
async function connect(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { resourceVersion: _version, ...query } = request.query
  const item = await readItem(services, resource, { ...request, query })
  if (request.subresource !== 'log') {
    const admitted = { operation: 'CONNECT', object: item.object, dryRun: false } as const
    await validateAdmission(services.hooks, request, resource.kind, admitted)
  }
  return { type: 'object', code: 200, object: item.object, item, warnings: [] }
}
