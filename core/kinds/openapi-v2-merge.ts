/**
 * What other servers say of their group versions in `/openapi/v2`, for the one document of all. It comes from outside, and
 * clients that meet a broken reference can read nothing of the document: what does not hold together is left out whole.
 */
import { equalJson } from './equal.js'
import type { Json } from './openapi-definitions.js'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.js'

/** One group version: its paths, and of the definitions those that they need. */
export interface OpenApiV2Part {
  readonly paths: Json
  readonly definitions: Json
}

const root = '#/definitions/'
const kindsKey = 'x-kubernetes-group-version-kind'
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isOwn = (names: Json, name: string): boolean => Object.hasOwn(names, name)

/** Undefined where `document`, as another server sent it, has nothing of the group version that can be read. */
export function openApiV2Part(document: unknown, group: string, version: string): OpenApiV2Part | undefined {
  try {
    const part = partOf(document, group, version)
    // What is of no use here nobody could write later.
    if (part) encodeOpenApiV2({ ...part })
    return part
  } catch {
    // Of another form than such documents have, or nested without end.
    return undefined
  }
}

function partOf(document: unknown, group: string, version: string): OpenApiV2Part | undefined {
  if (!isJson(document) || !isJson(document.paths)) return undefined
  const prefix = `/apis/${group}/${version}`
  const mine = Object.entries(document.paths).filter(([path]) => path === prefix || path.startsWith(`${prefix}/`))
  if (mine.length === 0 || !mine.every(([, item]) => isJson(item))) return undefined
  const parameters = isJson(document.parameters) ? document.parameters : {}
  const paths = withParameters(Object.fromEntries(mine), parameters) as Json | undefined
  const definitions = paths && needed(paths, isJson(document.definitions) ? document.definitions : {})
  return definitions && { paths, definitions }
}

/** With shared parameters where they are used: this document has none. Undefined where one is missing. */
function withParameters(value: unknown, parameters: Json): unknown {
  if (Array.isArray(value)) {
    const all = value.map((element) => withParameters(element, parameters))
    return all.includes(undefined) ? undefined : all
  }
  if (!isJson(value)) return value
  const shared = typeof value.$ref === 'string' && value.$ref.startsWith('#/parameters/') ? value.$ref.slice(13) : undefined
  if (shared !== undefined) return isOwn(parameters, shared) && isJson(parameters[shared]) ? parameters[shared] : undefined
  const entries = Object.entries(value).map(([key, inner]) => [key, withParameters(inner, parameters)] as const)
  return entries.some(([, inner]) => inner === undefined) ? undefined : Object.fromEntries(entries)
}

/** The definitions that `paths` refer to, and those that these refer to. Undefined where one is missing. */
function needed(paths: Json, definitions: Json): Json | undefined {
  const found = new Map<string, unknown>()
  const open: unknown[] = [paths]
  while (open.length > 0) {
    for (const reference of references(open.pop())) {
      const name = reference.startsWith(root) ? reference.slice(root.length) : ''
      if (!isOwn(definitions, name) || !isJson(definitions[name])) return undefined
      if (found.has(name)) continue
      found.set(name, definitions[name])
      open.push(definitions[name])
    }
  }
  return Object.fromEntries(found)
}

function* references(value: unknown): Iterable<string> {
  if (Array.isArray(value)) for (const element of value) yield* references(element)
  else if (isJson(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') yield inner
      else yield* references(inner)
    }
  }
}

/**
 * `document` with the parts, as Kubernetes merges them: a path that is there stays; a definition that differs from one of
 * its name gets another name, `…_v2`; of one that is the same all the kinds count that either says it is.
 */
export function mergeOpenApiV2(document: Json, parts: readonly OpenApiV2Part[]): Json {
  const paths = { ...(document.paths as Json) }
  const definitions = { ...(document.definitions as Json) }
  for (const part of parts) {
    const names = new Map<string, string>()
    // What the part itself names so is another definition.
    const isFree = (candidate: string): boolean => !isOwn(part.definitions, candidate)
    for (const [name, schema] of Object.entries(part.definitions)) {
      names.set(name, nameFor(definitions, name, schema as Json, isFree))
    }
    for (const [name, schema] of Object.entries(part.definitions)) {
      const own = names.get(name) ?? name
      const present = definitions[own]
      if (isJson(present)) definitions[own] = withKinds(present, schema as Json)
      else definitions[own] = renamed(schema, names)
    }
    for (const [path, item] of Object.entries(part.paths)) if (!isOwn(paths, path)) paths[path] = renamed(item, names)
  }
  return { ...document, paths, definitions }
}

function nameFor(definitions: Json, name: string, schema: Json, isFree: (candidate: string) => boolean): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_v${number}`
    if (number > 1 && !isFree(candidate)) continue
    const present = isOwn(definitions, candidate) ? definitions[candidate] : undefined
    if (!isJson(present) || equalJson(withoutKinds(present), withoutKinds(schema))) return candidate
  }
}

const withoutKinds = ({ [kindsKey]: _kinds, ...rest }: Json): Json => rest

function withKinds(present: Json, { [kindsKey]: more }: Json): Json {
  const known = present[kindsKey]
  if (!Array.isArray(more)) return present
  const own = Array.isArray(known) ? known : []
  const fresh = more.filter((kind) => !own.some((one) => equalJson(one, kind)))
  return fresh.length === 0 ? present : { ...present, [kindsKey]: [...own, ...fresh] }
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((element) => renamed(element, names))
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, renamed(inner, names)]
      return [key, root + (names.get(inner.slice(root.length)) ?? inner.slice(root.length))]
    }),
  )
}
