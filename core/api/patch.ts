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
import type { ApiRequest, ApiResult } from './contract.js'
import { decodeTree } from './decode-body.js'
import { checkPreconditions } from './metadata.js'
import { type WriteSettings, writeSettings } from './options.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { change } from './update.js'

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const
const customPatchTypes = patchTypes.slice(0, 2)
const mostOperations = 10_000

export async function patch(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const settings = patchSettings(request, resource.kind)
  let warnings: readonly string[] = []
  const changed = await change(services, resource, request, {
    part: 'object',
    settings,
    retry: true,
    make(current) {
      const patched = patchedBody(request, resource.kind, settings, current)
      warnings = patched.warnings
      return patched.object
    },
  })
  return { type: 'object', code: 200, ...changed, warnings }
}

/** 415 for what cannot be served: server-side apply needs ownership of fields, which is not tracked. */
export function patchSettings(request: ApiRequest, kind: ResourceKind): WriteSettings {
  // How lists of a user's own kind belong together says its schema, and no word of it is meant for strategic merges.
  if (kind.custom && request.patchType === 'strategic') throw ApiError.unsupportedMediaType(customPatchTypes)
  if (request.patchType === undefined || request.patchType === 'apply') throw ApiError.unsupportedMediaType(patchTypes)
  if (request.patchType === 'json' && Array.isArray(request.body) && request.body.length > mostOperations) {
    throw ApiError.tooLarge(`a JSON patch may have ${mostOperations} operations, this one has ${request.body.length}`)
  }
  return writeSettings(request, 'PatchOptions')
}

/** The current object with the patch applied, read again as if it had been sent whole. Fresh and unfrozen. */
export function patchedBody(
  request: ApiRequest,
  kind: ResourceKind,
  settings: WriteSettings,
  current: KubeObject,
): { readonly object: KubeObject; readonly warnings: readonly string[] } {
  const patched = applyPatch(request, kind.schema, current)
  if (!patched.ok) throw patchRefused(kind, current, patched)
  const { object, warnings } = decodeTree(patched.object, kind, settings, request.duplicates)
  checkSameName(current, object)
  checkPreconditions(kind, object.metadata, current)
  return { object, warnings }
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

function checkSameName(current: KubeObject, object: KubeObject): void {
  const { name, namespace = '' } = current.metadata
  const sent = object.metadata
  if (sent.name !== name) {
    throw ApiError.badRequest(`the name of the object (${sent.name}) does not match the name on the URL (${name})`)
  }
  if ((sent.namespace ?? '') !== namespace) {
    const other = sent.namespace ?? ''
    throw ApiError.badRequest(`the namespace of the object (${other}) does not match the namespace on the URL (${namespace})`)
  }
}
