/**
 * `/openapi/v3`: an index and one document for each group version, made on first use and only anew where a group's
 * kinds changed. `/openapi/v2` is one document of all of them and of what other servers serve, in two forms; older clients
 * read it.
 */

import type { Clock } from '../../kernel/contract.js'
import {
  type Descriptions,
  encodeOpenApiV2,
  type KindRegistry,
  mergeOpenApiV2,
  OpenApiV2,
  type OpenApiV2Part,
  openApiV3,
  type ResourceKind,
  readDescriptions,
} from '../../kinds/contract.js'
import { type Delegates, type Document, documentOf, json } from './discovery.js'
import { parseAccept } from './media-type.js'

export interface OpenApi {
  /** `path` below `/openapi`. Undefined: there is no such document, or none that the client can read. */
  document(path: string, accept: string | undefined): Promise<Document | undefined>
}

interface Kept {
  readonly kinds: readonly ResourceKind[]
  readonly document: Document
}

interface V2 {
  readonly kinds: readonly ResourceKind[]
  /** Of other servers. */
  readonly parts: readonly OpenApiV2Part[]
  readonly json: Document
  readonly protobuf: Document
}

// kubectl up to 1.28 insists on this type, and breaks on the `@` of the name by which it asks for it.
const swaggerType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

export function createOpenApi(
  kinds: KindRegistry,
  clock: Clock,
  title: { readonly title: string; readonly version: string },
  delegates: Delegates,
): OpenApi {
  const kept = new Map<string, Kept>()
  let v2: Promise<V2> | undefined

  async function makeV2(all: readonly ResourceKind[], parts: readonly OpenApiV2Part[]): Promise<V2> {
    const made = new OpenApiV2()
    const texts = readDescriptions()
    for (const groupKinds of byGroupVersion(all).values()) {
      made.add(groupKinds, texts)
      await new Promise<void>((resolve) => clock.defer(resolve))
    }
    const own = { ...made.document, info: title }
    const document = parts.length === 0 ? own : mergeOpenApiV2(own, parts)
    const protobuf = documentOf(swaggerType, Buffer.from(encodeOpenApiV2(document)))
    return { kinds: all, parts, json: json(document), protobuf }
  }
  async function foreignParts(): Promise<readonly OpenApiV2Part[]> {
    const asked = delegates.all().flatMap((delegate) => (delegate.openApiV2 ? [delegate.openApiV2()] : []))
    return (await Promise.all(asked)).filter((part) => part !== undefined)
  }
  /** Many may ask while it is being made. */
  async function freshV2(): Promise<V2> {
    const parts = await foreignParts()
    for (;;) {
      const latest = v2
      const known = await latest
      const all = kinds.all()
      if (known && same(known.kinds, all) && same(known.parts, parts)) return known
      // Else somebody who waited for the same one is making the next already.
      if (v2 === latest)
        v2 = makeV2(all, parts).catch((error: unknown) => {
          v2 = undefined
          throw error
        })
    }
  }
  async function groupDocument(name: string, groupKinds: readonly ResourceKind[], texts: () => Descriptions): Promise<Document> {
    const known = kept.get(name)
    if (known && same(known.kinds, groupKinds)) return known.document
    // One document takes milliseconds: others get their turn between two of them.
    await new Promise<void>((resolve) => clock.defer(resolve))
    const document = json(openApiV3(groupKinds, texts()))
    kept.set(name, { kinds: groupKinds, document })
    return document
  }
  async function index(): Promise<Document> {
    const paths: Record<string, { serverRelativeURL: string }> = {}
    const texts = readOnce()
    for (const [name, groupKinds] of byGroupVersion(kinds.all())) {
      const { etag } = await groupDocument(name, groupKinds, texts)
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${etag.slice(1, -1)}` }
    }
    for (const { group, version, openApi } of delegates.all()) {
      if (openApi !== undefined) paths[`apis/${group}/${version}`] = { serverRelativeURL: openApi }
    }
    return json({ paths })
  }
  return {
    async document(path, accept) {
      if (path === '/v2') return (await freshV2())[wantsProtobuf(accept) ? 'protobuf' : 'json']
      if (path === '/v3') return index()
      const name = path.startsWith('/v3/') ? path.slice(4) : ''
      const groupKinds = byGroupVersion(kinds.all()).get(name)
      return groupKinds && groupDocument(name, groupKinds, readOnce())
    },
  }
}

/** "api/v1", "apis/apps/v1" → kinds. */
function byGroupVersion(all: readonly ResourceKind[]): Map<string, ResourceKind[]> {
  const groups = new Map<string, ResourceKind[]>()
  for (const kind of all) {
    const name = kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`
    const list = groups.get(name)
    if (list) list.push(kind)
    else groups.set(name, [kind])
  }
  return groups
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index])
}

function wantsProtobuf(accept: string | undefined): boolean {
  const [first] = parseAccept(accept ?? '')
  return first?.type.endsWith('+protobuf') ?? false
}

/** The texts are large, so nobody keeps them for longer than it takes to make the documents. */
function readOnce(): () => Descriptions {
  let texts: Descriptions | undefined
  return () => {
    texts ??= readDescriptions()
    return texts
  }
}
