/** From the body of a request to an object of the kind, with what strict field validation finds. */
import { ApiError } from '../client/contract.js'
import { decode, type FieldError, type KubeObject, type ResourceKind } from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'
import type { WriteSettings } from './options.js'
import { isTree } from './tree.js'

export interface DecodedBody {
  /** Fresh and unfrozen. Defaults are not applied yet. */
  readonly object: KubeObject
  readonly warnings: readonly string[]
  /** `metadata.managedFields` as it was sent, which the object does not have: whoever writes decides what becomes of it. */
  readonly managedFields?: unknown
}

/** The object that a create or an update sends; 400 where it is no object of the kind. */
export function decodeBody(request: ApiRequest, kind: ResourceKind, settings: WriteSettings): DecodedBody {
  return decodeTree(request.body, kind, settings, request.duplicates)
}

export function decodeTree(
  body: unknown,
  kind: ResourceKind,
  settings: WriteSettings,
  duplicates: readonly string[] = [],
): DecodedBody {
  if (!isTree(body)) throw ApiError.badRequest(`the body of the request must be an object of kind ${kind.kind}`)
  checkType(body, kind)
  const report = settings.fieldValidation !== 'Ignore'
  const { tree, managedFields } = withoutManagers(body)
  const decoded = decode(kind, tree, { unknownFields: report ? 'report' : 'drop' })
  if (decoded.errors.length > 0) throw unreadable(kind, decoded.errors.map(errorText).join(', '))
  const object = decoded.object
  if (object.apiVersion !== kind.apiVersion) object.apiVersion = kind.apiVersion
  if (object.kind !== kind.kind) object.kind = kind.kind
  if (!isTree(object.metadata)) object.metadata = { name: '' }
  if (!report || (decoded.strict.length === 0 && duplicates.length === 0)) return { object, warnings: [], managedFields }
  const findings = [...decoded.strict, ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)]
  if (settings.fieldValidation === 'Strict') throw unreadable(kind, `strict decoding error: ${findings.join(', ')}`)
  return { object, warnings: findings, managedFields }
}

/** Set aside, so that trees which are mostly as they were are not copied with each write. */
function withoutManagers(body: Record<string, unknown>): { tree: Record<string, unknown>; managedFields?: unknown } {
  if (!isTree(body.metadata) || body.metadata.managedFields === undefined) return { tree: body }
  const { managedFields, ...metadata } = body.metadata
  return { tree: { ...body, metadata }, managedFields }
}

function checkType(body: Record<string, unknown>, kind: ResourceKind): void {
  const { apiVersion, kind: name } = body
  if (apiVersion !== undefined && apiVersion !== '' && apiVersion !== kind.apiVersion) {
    const found = typeof apiVersion === 'string' ? apiVersion : JSON.stringify(apiVersion)
    throw ApiError.badRequest(
      `the API version in the data (${found}) does not match the expected API version (${kind.apiVersion})`,
    )
  }
  if (name !== undefined && name !== '' && name !== kind.kind) {
    const found = typeof name === 'string' ? name : JSON.stringify(name)
    throw ApiError.badRequest(`the kind in the data (${found}) does not match the expected kind (${kind.kind})`)
  }
}

function unreadable(kind: ResourceKind, problem: string): ApiError {
  return ApiError.badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${problem}`)
}

const errorText = (error: FieldError): string => `${error.field}: ${error.message}`
