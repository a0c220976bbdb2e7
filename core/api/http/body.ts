/** Bodies of requests: from bytes to a tree of plain objects. */
import { ApiError } from '../../client/contract.js'
import { decodeProtobuf, type KindRegistry, parseJson } from '../../kinds/contract.js'
import { parseMediaType } from './media-type.js'
import { checkJsonNesting, checkTreeNesting, tooDeep } from './nesting.js'

export type BodyFormat = 'json' | 'yaml' | 'protobuf'
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const formats: Readonly<Record<string, BodyFormat>> = {
  '': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
}
const patches: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}
const objectTypes = Object.keys(formats).filter(Boolean)
const patchTypes = Object.keys(patches)

export interface DecodedBody {
  readonly value: unknown
  /** For those who look for what a tree no longer shows, such as duplicate fields; absent for protobuf. */
  readonly text?: string
}

/** The kind of patch that a PATCH sends, or 415. */
export function patchTypeOf(contentType: string | undefined): PatchType {
  const patch = patches[parseMediaType(contentType ?? '').type]
  if (patch === undefined) throw ApiError.unsupportedMediaType(patchTypes)
  return patch
}

/** How an object is encoded, or 415. No type at all is taken for JSON, as Kubernetes does. */
export function bodyFormatOf(contentType: string | undefined): BodyFormat {
  const format = formats[parseMediaType(contentType ?? '').type]
  if (format === undefined) throw ApiError.unsupportedMediaType(objectTypes)
  return format
}

/** Rejects with 400 when the bytes are not what they claim to be. */
export async function decodeBody(bytes: Buffer, format: BodyFormat, kinds: KindRegistry): Promise<DecodedBody> {
  if (format === 'protobuf') return { value: fromProtobuf(bytes, kinds) }
  const text = utf8(bytes)
  return { value: format === 'yaml' ? await fromYaml(text) : fromJson(text), text }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function utf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw ApiError.badRequest('the body of the request is not valid UTF-8')
  }
}

function fromJson(text: string): unknown {
  checkJsonNesting(text)
  try {
    return parseJson(text)
  } catch (error) {
    throw ApiError.badRequest(`the object provided is unrecognized: couldn't parse JSON: ${(error as Error).message}`)
  }
}

async function fromYaml(text: string): Promise<unknown> {
  // Most clients write JSON and call it YAML, which it is; it is read a hundred times faster as what it is.
  const json = text.startsWith('{') ? jsonOrNothing(text) : undefined
  if (json !== undefined) return json
  const yaml = await import('./yaml.js')
  try {
    return yaml.parseYaml(text)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw ApiError.badRequest(`error decoding YAML: ${(error as Error).message.split('\n')[0]}`)
  }
}

function jsonOrNothing(text: string): unknown {
  checkJsonNesting(text)
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function fromProtobuf(bytes: Buffer, kinds: KindRegistry): unknown {
  const decoded = boundedStack(() => decodeProtobuf(kinds, bytes))
  if (decoded.error !== undefined) throw ApiError.badRequest(decoded.error)
  checkTreeNesting(decoded.object)
  return decoded.object
}

/** Messages in messages have no brackets to count: the decoder runs out of stack, and that is the client's fault. */
function boundedStack<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : error
  }
}
