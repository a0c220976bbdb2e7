/**
 * OpenAPI documents from the schemas: one of version 3 for each group version. kubectl reads them for `explain`, for
 * strategic merge of kinds that it was not compiled with, and to learn what the server can do.
 */
import type { ResourceKind } from './contract.js'
import { Definitions, type Descriptions, definitionRef, type Json, kindDefinitionName } from './openapi-definitions.js'
import { apiPaths } from './openapi-paths.js'
import { builtinSchema } from './schema.js'

export type { Descriptions }

const typeMetaTexts = {
  apiVersion: 'The version of the schema that this object follows: servers convert known ones, and refuse others.',
  kind: 'The word for the resource that this object is one of. It cannot be changed.',
} as const

/** What a schema of users need not say, as every object has it. */
function withTypeMeta(definitions: Definitions, own: Json): Json {
  const metadata = definitions.typeOf(builtinSchema('meta/v1', 'ObjectMeta'))
  const properties = {
    ...(own.properties as Json | undefined),
    apiVersion: { type: 'string', description: typeMetaTexts.apiVersion },
    kind: { type: 'string', description: typeMetaTexts.kind },
    metadata,
  }
  return { ...own, properties }
}

/** The definition of a kind and of its list. */
function addKind(definitions: Definitions, kind: ResourceKind): void {
  const own = kind.custom?.schema as Json | undefined
  const name = kindDefinitionName(kind)
  const gvk = { group: kind.group, kind: kind.kind, version: kind.version }
  if (own) definitions.add(name, { ...withTypeMeta(definitions, own), 'x-kubernetes-group-version-kind': [gvk] })
  else definitions.object(kind.schema, name, gvk)
  if (!kind.verbs.includes('list')) return
  const listMeta = definitions.typeOf(builtinSchema('meta/v1', 'ListMeta'))
  definitions.add(`${name}List`, {
    description: `${kind.listKind} is a list of ${kind.kind}`,
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: definitionRef(name) },
      kind: { type: 'string' },
      metadata: listMeta,
    },
    required: ['items'],
    'x-kubernetes-group-version-kind': [{ ...gvk, kind: kind.listKind }],
  })
}

/**
 * The document of one group version: `kinds` are all its kinds. Descriptions come from `readDescriptions`; a document
 * without them is complete, only that `kubectl explain` has less to tell.
 */
export function openApiV3(kinds: readonly ResourceKind[], descriptions: Descriptions = {}): object {
  const definitions = new Definitions(descriptions)
  for (const kind of kinds) addKind(definitions, kind)
  const paths = apiPaths(kinds, definitions)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths,
    components: {
      schemas: definitions.schemas,
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header', description: 'Bearer token' } },
    },
    security: [{ BearerToken: [] }],
  }
}
