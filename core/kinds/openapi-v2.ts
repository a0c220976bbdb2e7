/** The one document of `/openapi/v2`: all groups together in the form that older clients read, made from those of version 3. */
import type { ResourceKind } from './contract.js'
import { type Descriptions, openApiV3 } from './openapi.js'
import type { Json } from './openapi-definitions.js'

interface Document {
  readonly info: Json
  readonly paths: Readonly<Record<string, Json>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}
const methods = new Set(['get', 'put', 'post', 'patch', 'delete'])
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The document, made group by group: each takes milliseconds, and others should get their turn between two of them. */
export class OpenApiV2 {
  readonly #definitions: Record<string, unknown> = {}
  readonly #paths: Json = {}
  #info: Json = {}

  /** `kinds` are all of one group version. */
  add(kinds: readonly ResourceKind[], descriptions: Descriptions = {}): void {
    const document = openApiV3(kinds, descriptions) as Document
    this.#info = document.info
    for (const [name, schema] of Object.entries(document.components.schemas)) addDefinition(this.#definitions, name, schema)
    for (const [path, item] of Object.entries(document.paths)) this.#paths[path] = pathItem(item)
  }

  /** As JSON it has about 1.5 MB: make it when asked for and keep the bytes. */
  get document(): Json {
    return {
      swagger: '2.0',
      info: this.#info,
      paths: this.#paths,
      definitions: this.#definitions,
      securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
      security: [{ BearerToken: [] }],
    }
  }
}

/** Groups share definitions; the one that says its kind is the fuller. */
function addDefinition(definitions: Record<string, unknown>, name: string, schema: Json): void {
  const present = definitions[name]
  if (present === undefined || schema['x-kubernetes-group-version-kind'] !== undefined) definitions[name] = schemaOf(schema)
}

/** References have another root and may have facts beside them; of alternatives version 2 knows nothing. */
function schemaOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(schemaOf)
  if (!isJson(value)) return value
  const out: Json = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') out.$ref = inner.replace('#/components/schemas/', '#/definitions/')
    else if (key === 'allOf' && Array.isArray(inner) && inner.length === 1) Object.assign(out, schemaOf(inner[0]))
    else if (key === 'oneOf' && Array.isArray(inner) && !('type' in value)) out.type = 'string'
    else out[key] = schemaOf(inner)
  }
  return out
}

function pathItem(item: Json): Json {
  const entries = Object.entries(item).map(([key, value]) => {
    if (key === 'parameters') return [key, (value as Json[]).map(parameter)]
    return [key, methods.has(key) && isJson(value) ? operation(value) : value]
  })
  return Object.fromEntries(entries) as Json
}

function parameter({ schema, ...rest }: Json): Json {
  return { ...rest, ...(isJson(schema) ? schema : {}), uniqueItems: true }
}

function operation({ requestBody, parameters, responses, ...rest }: Json): Json {
  const consumes = isJson(requestBody) ? Object.keys(requestBody.content as Json) : ['*/*']
  const body = isJson(requestBody) ? Object.values(requestBody.content as Record<string, Json>)[0]?.schema : undefined
  const required = isJson(requestBody) && requestBody.required === true
  const inBody =
    body === undefined ? [] : [{ name: 'body', in: 'body', ...(required ? { required } : {}), schema: schemaOf(body) }]
  const answers = Object.entries(responses as Record<string, Json>)
  return {
    ...rest,
    consumes,
    produces: ['application/json', 'application/yaml'],
    schemes: ['https'],
    parameters: [...inBody, ...((parameters ?? []) as Json[]).map(parameter)],
    responses: Object.fromEntries(answers.map(([code, answer]) => [code, response(answer)])),
  }
}

function response({ content, description }: Json): Json {
  const schema = isJson(content) ? Object.values(content as Record<string, Json>)[0]?.schema : undefined
  return { description, ...(schema === undefined ? {} : { schema: schemaOf(schema) }) }
}
