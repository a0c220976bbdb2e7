import type { OutgoingHttpHeaders } from 'node:http'
/** Results of the pipeline as replies, in the form that the client asked for. */
import { ApiError } from '../../client/contract.js'
import { hasColumns, type KindRegistry, type KubeObject, type ResourceKind } from '../../kinds/contract.js'
import type { CachedObject } from '../../watch/contract.js'
import type { ApiResult } from '../contract.js'
import { type Exchange, header } from './exchange.js'
import { negotiate, type Representation, servedTypes } from './media-type.js'
import { partialMetadata, partialMetadataList } from './metadata-form.js'
import { sendBytes, sendParts, stringify, wantsPretty } from './reply.js'
import { type IncludeObject, type TableOptions, tableOf } from './table-form.js'
import { warningHeaders } from './warning.js'

export type ObjectResult = Extract<ApiResult, { type: 'object' }>
export type ListResult = Extract<ApiResult, { type: 'list' }>

export interface Renderer {
  /** The form that the client asked for. Throws 406 when it cannot be had. */
  representation(exchange: Exchange): Representation
  table(exchange: Exchange, representation: Representation): TableOptions
  object(exchange: Exchange, result: ObjectResult): Promise<void>
  list(exchange: Exchange, result: ListResult): Promise<void>
}

export function createRenderer(kinds: KindRegistry, now: () => number): Renderer {
  function table(exchange: Exchange, { version }: Representation): TableOptions {
    return { version, include: includeOf(exchange.query.first.includeObject), now }
  }
  async function object(exchange: Exchange, result: ObjectResult): Promise<void> {
    const representation = representationOf(exchange)
    const headers = warningHeaders(result.warnings)
    if (result.item && isPlainJson(exchange, representation)) {
      return sendBytes(exchange, result.code, 'application/json', result.item.bytes, headers)
    }
    const shown = objectIn(representation, result.object, kinds, table(exchange, representation))
    return sendValue(exchange, result.code, shown, representation, headers)
  }
  async function list(exchange: Exchange, result: ListResult): Promise<void> {
    const representation = representationOf(exchange)
    const metadata = listMetadata(result)
    const headers = warningHeaders(result.warnings ?? [])
    if (isPlainJson(exchange, representation)) {
      return sendParts(exchange, 'application/json', listParts(result.kind, metadata, result.items), headers)
    }
    const shown = listIn(representation, result, metadata, table(exchange, representation))
    return sendValue(exchange, 200, shown, representation, headers)
  }
  return { representation: representationOf, table, object, list }
}

function representationOf(exchange: Exchange): Representation {
  const found = negotiate(header(exchange, 'accept'))
  if (found === undefined) throw ApiError.notAcceptable(servedTypes)
  return found
}

function isPlainJson(exchange: Exchange, { media, form }: Representation): boolean {
  return media === 'json' && form === 'plain' && !wantsPretty(exchange)
}

function includeOf(value: string | undefined): IncludeObject {
  if (value === undefined || value === '' || value === 'Metadata') return 'Metadata'
  if (value === 'None' || value === 'Object') return value
  throw ApiError.badRequest(`unrecognized value of includeObject: ${JSON.stringify(value)}`)
}

/** A Status is no object of a kind: it is shown as it is, whatever was asked for. */
function objectIn(representation: Representation, object: KubeObject, kinds: KindRegistry, table: TableOptions): object {
  const { form, version } = representation
  if (form === 'plain' || object.kind === 'Status') return object
  const kind = kinds.kind(object.apiVersion, object.kind)
  if (kind && !hasColumns(kind)) throw ApiError.notAcceptable(servedTypes)
  if (form === 'metadata') return partialMetadata(object, version)
  if (kind === undefined) throw ApiError.notAcceptable(servedTypes)
  return tableOf(kind, [object], { resourceVersion: object.metadata.resourceVersion }, table)
}

function listIn(representation: Representation, result: ListResult, metadata: object, table: TableOptions): object {
  const { form, version } = representation
  const objects = (): KubeObject[] => result.items.map((item) => item.object)
  if (form === 'table') return tableOf(result.kind, objects(), metadata, table)
  if (form === 'metadata') return partialMetadataList(result.items, metadata, version)
  return { kind: result.kind.listKind, apiVersion: result.kind.apiVersion, metadata, items: objects() }
}

function listMetadata(result: ListResult): object {
  return {
    ...(result.resourceVersion === '' ? {} : { resourceVersion: result.resourceVersion }),
    ...(result.continue ? { continue: result.continue } : {}),
    ...(result.remainingItemCount === undefined ? {} : { remainingItemCount: result.remainingItemCount }),
  }
}

const comma = Buffer.from(',')
const end = Buffer.from(']}\n')

/** The bytes of the items themselves, shared with every other reply that shows them. */
function listParts(kind: ResourceKind, metadata: object, items: readonly CachedObject[]): Uint8Array[] {
  const head = JSON.stringify({ kind: kind.listKind, apiVersion: kind.apiVersion, metadata, items: [] }).slice(0, -2)
  const parts: Uint8Array[] = [Buffer.from(head, 'utf8')]
  for (const item of items) parts.push(item.bytes, comma)
  if (items.length > 0) parts.pop()
  parts.push(end)
  return parts
}

/** Generated trees: JSON or YAML by what the client reads. */
export async function sendValue(
  exchange: Exchange,
  code: number,
  value: object,
  { media }: Representation,
  headers?: OutgoingHttpHeaders,
): Promise<void> {
  if (media === 'yaml') {
    const { formatYaml } = await import('./yaml.js')
    return sendBytes(exchange, code, 'application/yaml', Buffer.from(formatYaml(value), 'utf8'), headers)
  }
  const bytes = Buffer.from(`${stringify(exchange, value)}\n`, 'utf8')
  if (code === 200) return sendParts(exchange, 'application/json', [bytes], headers)
  return sendBytes(exchange, code, 'application/json', bytes, headers)
}
