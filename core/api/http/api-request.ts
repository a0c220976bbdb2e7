/** From an HTTP request on a resource to a request for the pipeline. */
import { ApiError } from '../../client/contract.js'
import { duplicateFields, type KindRegistry } from '../../kinds/contract.js'
import type { ApiRequest, ApiVerb, RequestRecord, UserInfo } from '../contract.js'
import { createNotes, isAdmitted } from '../notes.js'
import { type BodyFormat, bodyFormatOf, decodeBody, patchTypeOf } from './body.js'
import { type Exchange, header } from './exchange.js'
import { isTrue } from './query.js'
import type { ResourceTarget } from './target.js'

/** Of each HTTP method what it asks of one object. */
export const itemVerbs: Readonly<Record<string, ApiVerb>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

export function verbOf(exchange: Exchange, target: ResourceTarget): ApiVerb {
  const verb = itemVerbs[exchange.method]
  if (verb === undefined) throw ApiError.methodNotAllowed(target, exchange.method)
  if (target.watch && verb === 'get') return 'watch'
  if (verb === 'create' && target.name !== '' && target.subresource === '') throw ApiError.methodNotAllowed(target, 'POST')
  if (target.name !== '') return verb
  if (verb === 'get') return isTrue(exchange.query.first.watch) ? 'watch' : 'list'
  if (verb === 'delete') return 'deletecollection'
  return verb
}

export async function apiRequestOf(
  exchange: Exchange,
  target: ResourceTarget,
  verb: ApiVerb,
  user: UserInfo,
  kinds: KindRegistry,
  record?: RequestRecord,
): Promise<ApiRequest> {
  const named = verb === 'watch' && target.name !== ''
  return {
    verb,
    group: target.group,
    version: target.version,
    resource: target.resource,
    ...(target.subresource === '' ? {} : { subresource: target.subresource }),
    namespace: target.namespace,
    name: named ? '' : target.name,
    query: named ? { ...exchange.query.first, fieldSelector: `metadata.name=${target.name}` } : exchange.query.first,
    user,
    userAgent: header(exchange, 'user-agent') ?? '',
    ...(exchange.body && exchange.body.length > 0 ? await bodyOf(exchange, verb, kinds) : {}),
    ...(isAdmitted(verb, target.subresource) ? { notes: createNotes() } : {}),
    ...(exchange.query.first.resourceVersion === undefined ? {} : { signal: closeSignal(exchange) }),
    ...(record === undefined ? {} : { record }),
  }
}

async function bodyOf(
  exchange: Exchange,
  verb: ApiVerb,
  kinds: KindRegistry,
): Promise<Pick<ApiRequest, 'body' | 'patchType' | 'duplicates'>> {
  const bytes = exchange.body as Buffer
  const contentType = header(exchange, 'content-type')
  if (verb === 'patch') {
    const patchType = patchTypeOf(contentType)
    const { value, text } = await decodeBody(bytes, patchType === 'apply' ? 'yaml' : 'json', kinds)
    return { body: value, patchType, ...duplicatesOf(exchange, text, 'json') }
  }
  const format = bodyFormatOf(contentType)
  const { value, text } = await decodeBody(bytes, format, kinds)
  return { body: value, ...duplicatesOf(exchange, text, format) }
}

// YAML says of itself where a key stands twice, and protobuf has no keys.
function duplicatesOf(exchange: Exchange, text: string | undefined, format: BodyFormat): { duplicates?: readonly string[] } {
  if (format !== 'json' || text === undefined || exchange.query.first.fieldValidation === 'Ignore') return {}
  const found = text.startsWith('{') ? duplicateFields(text) : []
  return found.length === 0 ? {} : { duplicates: found }
}

/** Reads that wait for a revision stop waiting when nobody listens any more. */
function closeSignal({ response }: Exchange): AbortSignal {
  const controller = new AbortController()
  response.on('close', () => controller.abort())
  return controller.signal
}
