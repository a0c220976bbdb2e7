/** Pods, for the subresources that are theirs alone. */
import { ApiError } from '../client/contract.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'

export function podsOf(services: ApiServices): Resource {
  return coreResource(services, '', 'pods')
}

/** A built-in resource that the API itself reads. */
export function coreResource(services: ApiServices, group: string, resource: string): Resource {
  const kind = services.kinds.resource(group, 'v1', resource)
  if (!kind) throw ApiError.unknownPath()
  return services.resource(kind)
}
