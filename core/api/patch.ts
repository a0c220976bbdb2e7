/** PATCH: of the object itself and, by `patchedBody`, of its subresources. */
import { ApiError } from '../client/contract.js'
import {
  jsonPatch,
  type KubeObject,
  mergePatch,
  type ObjectSchema,
  type PatchResult,
  type ResourceKind,
  strategicMergePatch,
} from '../kinds/contract.js'
import { apply } from './apply.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { type DecodedBody, decodeTree } from './decode-body.js'
import { checkPreconditions, checkSameName } from './metadata.js'
import { type WriteSettings, writeSettings } from './options.js'
import { objectOwners } from './ownership.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { change } from './update.js'

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const
const customPatchTypes = patchTypes.filter((type) => !type.includes('strategic'))
const mostOperations = 10_000

export async function patch(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  if (request.patchType === 'apply') return apply(services, resource, request)
  const settings = patchSettings(request, resource.kind)
  let warnings: readonly string[] = []
  let sent: unknown
  const changed = await change(services, resource, request, {
    part: 'object',
    settings,
    retry: true,
    make(current) {
      const patched = patchedBody(request, resource.kind, settings, current)
      warnings = patched.warnings
      sent = patched.managedFields
      return patched.object
    },
    owners: (current, made) => objectOwners(services, resource.kind, request, { current, made, sent }),
  })
  return { type: 'object', code: 200, ...changed, warnings }
}

/** The settings of a patch that is made of the current object; 415 where its kind was not given, or does not fit. */
export function patchSettings(request: ApiRequest, kind: ResourceKind): WriteSettings {
  // How lists of a user's own kind belong together says its schema, and no word of it is meant for strategic merges.
  if (kind.custom && request.patchType === 'strategic') throw ApiError.unsupportedMediaType(customPatchTypes)
  if (request.patchType === undefined) throw ApiError.unsupportedMediaType(patchTypes)
  if (request.patchType === 'json' && Array.isArray(request.body) && request.body.length > mostOperations) {
    throw ApiError.tooLarge(`a JSON patch may have ${mostOperations} operations, this one has ${request.body.length}`)
  }
  return writeSettings(request, 'PatchOptions')
}

/** The current object with the patch applied, read again as if it had been sent whole. Fresh and unfrozen. */
export function patchedBody(request: ApiRequest, kind: ResourceKind, settings: WriteSettings, current: KubeObject): DecodedBody {
  const patched = applyPatch(request, kind.schema, current)
  if (!patched.ok) throw patchRefused(kind, current, patched)
  const decoded = decodeTree(patched.object, kind, settings, request.duplicates)
  checkSameName(current, decoded.object)
  checkPreconditions(kind, decoded.object.metadata, current)
  return decoded
}

export function applyPatch(request: ApiRequest, schema: ObjectSchema, current: KubeObject): PatchResult {
  switch (request.patchType) {
    case 'json':
      return jsonPatch(current, request.body)
    case 'merge':
      return mergePatch(current, request.body)
    default:
      return strategicMergePatch(schema, current, request.body)
  }
}

export function patchRefused(
  kind: { readonly group: string; readonly kind: string },
  current: KubeObject,
  result: Extract<PatchResult, { ok: false }>,
): ApiError {
  if (result.kind === 'invalid') return ApiError.badRequest(result.message)
  const message = `Invalid value: ${result.message}`
  return ApiError.invalid(kind, current.metadata.name, [{ reason: 'FieldValueInvalid', field: 'patch', message }])
}
