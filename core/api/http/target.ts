/**
 * What a URL path names. Found by position, not by a route table of a framework: kinds come and go, the grammar stays.
 */
import { ApiError } from '../../client/contract.js'

export interface ResourceTarget {
  readonly type: 'resource'
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  /** '' for cluster scope or all namespaces. */
  readonly namespace: string
  /** '' for a collection. */
  readonly name: string
  /** By the old prefix `/api/v1/watch/…`. */
  readonly watch: boolean
  /** Behind the subresource: of `proxy` the path to forward, with its slash. */
  readonly rest: string
}
/** `/healthz`, `/version`, discovery and all else that is not an object of the API. */
export interface OtherTarget {
  readonly type: 'other'
  /** Decoded and without a slash at the end; '/' for the root. */
  readonly path: string
}
export type Target = ResourceTarget | OtherTarget

/**
 * `path` is the raw path of the URL, without the query. Throws an `ApiError` for what cannot be a path. `foreign`: another
 * server knows what stands behind the subresource.
 */
export function parseTarget(path: string, foreign = false): Target {
  if (path.charCodeAt(0) !== 47) throw ApiError.badRequest('the path of a request begins with a slash')
  const trimmed = path.length > 1 && path.charCodeAt(path.length - 1) === 47 ? path.slice(1, -1) : path.slice(1)
  const parts = trimmed.split('/')
  const prefix = parts[0]
  const first = prefix === 'api' ? 2 : prefix === 'apis' ? 3 : 0
  if (first === 0 || parts.length <= first) return { type: 'other', path: `/${decode(trimmed)}` }
  const group = first === 2 ? '' : decode(parts[1] ?? '')
  return resourceTarget(group, decode(parts[first - 1] ?? ''), parts, first, path, foreign)
}

function resourceTarget(
  group: string,
  version: string,
  parts: readonly string[],
  first: number,
  path: string,
  foreign: boolean,
): Target {
  let at = first
  const watch = parts[at] === 'watch' && parts.length > at + 1
  if (watch) at++
  let namespace = ''
  // `namespaces/x` and its own subresources are about the namespace, all else behind it is inside it.
  if (parts[at] === 'namespaces' && parts.length > at + 2 && parts[at + 2] !== 'status' && parts[at + 2] !== 'finalize') {
    namespace = segment(parts[at + 1] ?? '')
    at += 2
  }
  const resource = segment(parts[at] ?? '')
  const name = at + 1 < parts.length ? segment(parts[at + 1] ?? '') : ''
  const subresource = at + 2 < parts.length ? segment(parts[at + 2] ?? '') : ''
  const rest = foreign || subresource === 'proxy' ? behind(path, at + 3) : ''
  if (at + 3 < parts.length && rest === '') throw ApiError.unknownPath()
  return { type: 'resource', group, version, resource, subresource, namespace, name, watch, rest }
}

/** The part of `path` from its segment `index` on, as it was sent. */
function behind(path: string, index: number): string {
  let at = 0
  for (let count = 0; count <= index && at >= 0; count++) at = path.indexOf('/', count === 0 ? 0 : at + 1)
  return at < 0 ? '' : path.slice(at)
}

// Names become parts of store keys, so what could shift the parts of a key never gets past here.
function segment(raw: string): string {
  const text = decode(raw)
  if (text === '') throw ApiError.unknownPath()
  if (text === '.' || text === '..' || hasForeign(text)) {
    throw ApiError.badRequest(`the path holds ${JSON.stringify(text)}, which cannot be a name`)
  }
  return text
}

function hasForeign(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 127 || code === 37 || code === 47) return true
  }
  return false
}

function decode(raw: string): string {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    throw ApiError.badRequest(`the path holds a broken escape: ${raw.slice(0, 100)}`)
  }
}
