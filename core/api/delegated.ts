/** What clients of this process read of group versions that other servers answer for. Over HTTPS the transport carries it on. */
import { ApiError } from '../client/contract.js'
import { authorize } from './authorize.js'
import type { ApiDelegate, ApiRequest, ApiResult } from './contract.js'
import type { ApiServices } from './services.js'

/** 404 where nobody serves it. */
export async function delegated(services: ApiServices, request: ApiRequest): Promise<ApiResult> {
  const delegate = find(services, request)
  if (!delegate) throw ApiError.unknownPath()
  await authorize(services.hooks, request)
  const { verb, group, resource } = request
  if (!delegate.read || (verb !== 'get' && verb !== 'list')) throw ApiError.methodNotAllowed({ group, resource }, verb)
  if (!delegate.available) throw ApiError.of('ServiceUnavailable', 'the server is currently unable to handle the request')
  const object = await delegate.read(pathOf(request), request.user, request.signal)
  return { type: 'object', code: 200, object, warnings: [] }
}

function find({ delegates }: ApiServices, { group, version }: ApiRequest): ApiDelegate | undefined {
  for (const list of delegates.all()) {
    const found = list.all().find((one) => one.group === group && one.version === version)
    if (found) return found
  }
  return undefined
}

function pathOf({ group, version, namespace, resource, name, subresource = '', query }: ApiRequest): string {
  const place = namespace === '' ? [] : ['namespaces', namespace]
  const parts = [...place, resource, name, ...subresource.split('/')].filter((part) => part !== '')
  const path = `/apis/${[group, version, ...parts].map(encodeURIComponent).join('/')}`
  const search = new URLSearchParams(query).toString()
  return search === '' ? path : `${path}?${search}`
}
