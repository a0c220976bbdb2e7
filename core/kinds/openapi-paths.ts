/** The paths of an OpenAPI document: one operation for each verb of each kind and subresource. */
import type { GroupVersionKind, ResourceKind, Subresource, Verb } from './contract.js'
import { type Definitions, definitionRef, type Json, kindDefinitionName } from './openapi-definitions.js'
import { builtinSchema } from './schema.js'

const query = (name: string, type: string, description: string): Json => ({ name, in: 'query', description, schema: { type } })
const pathPart = (name: string, description: string): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
})

const pretty = query('pretty', 'string', 'If "true", the output is indented.')
const dryRun = query('dryRun', 'string', '"All": all stages run, and nothing is stored.')
const fieldManager = query('fieldManager', 'string', 'The name of the actor that makes the change; required for apply.')
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What to do about unknown and duplicate fields: Ignore, Warn or Strict.',
)
const force = query('force', 'boolean', 'Takes over fields that others manage; for apply only.')
const writes = [dryRun, fieldManager, fieldValidation]
const deletes = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds until the object is deleted; 0 is at once.'),
  query('orphanDependents', 'boolean', 'The old form of propagationPolicy.'),
  query('propagationPolicy', 'string', 'What happens to dependents: Orphan, Background or Foreground.'),
]
const lists = [
  query('allowWatchBookmarks', 'boolean', 'Asks a watch for bookmark events.'),
  query('continue', 'string', 'The token of the page before.'),
  query('fieldSelector', 'string', 'Selects objects by their fields.'),
  query('labelSelector', 'string', 'Selects objects by their labels.'),
  query('limit', 'integer', 'The greatest number of objects in a page.'),
  query('resourceVersion', 'string', 'The version that the answer must have or follow.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begins a watch with the objects that are there.'),
  query('timeoutSeconds', 'integer', 'When the list or watch ends.'),
  query('watch', 'boolean', 'Watches for changes instead of listing.'),
]
const namespaceParameter = pathPart('namespace', 'The namespace of the object.')

interface Action {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch'
  /** As `x-kubernetes-action` says it. */
  readonly action: string
  readonly parameters: readonly Json[]
}
const collectionActions: Readonly<Partial<Record<Verb, Action>>> = {
  list: { method: 'get', action: 'list', parameters: lists },
  create: { method: 'post', action: 'post', parameters: writes },
  deletecollection: { method: 'delete', action: 'deletecollection', parameters: [...lists, ...deletes] },
}
const itemActions: Readonly<Partial<Record<Verb, Action>>> = {
  get: { method: 'get', action: 'get', parameters: [] },
  update: { method: 'put', action: 'put', parameters: writes },
  patch: { method: 'patch', action: 'patch', parameters: [...writes, force] },
  delete: { method: 'delete', action: 'delete', parameters: deletes },
}
const subresourceActions: typeof itemActions = { ...itemActions, create: { method: 'post', action: 'post', parameters: writes } }

const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']
const strategic = 'application/strategic-merge-patch+json'
const replies = ['application/json', 'application/yaml']

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
/** "rbac.authorization.k8s.io" → "RbacAuthorization". */
const groupWord = (group: string): string =>
  (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/).map(capital).join('')

/** All that the operations of one kind share. */
interface Scene {
  readonly kind: ResourceKind
  readonly definitions: Definitions
  /** Strategic merge patch is for these alone. */
  readonly builtin: boolean
}

export function apiPaths(kinds: readonly ResourceKind[], definitions: Definitions): Json {
  const paths: Json = {}
  const [first] = kinds
  if (!first) return paths
  const base = first.group === '' ? `/api/${first.version}` : `/apis/${first.group}/${first.version}`
  paths[`${base}/`] = {
    get: {
      description: 'get available resources',
      operationId: `get${groupWord(first.group)}${capital(first.version)}APIResources`,
      responses: reply(definitions.typeOf(builtinSchema('meta/v1', 'APIResourceList'))),
    },
  }
  for (const kind of kinds)
    addKindPaths(paths, base, { kind, definitions, builtin: kindDefinitionName(kind).startsWith('io.k8s.') })
  return paths
}

function addKindPaths(paths: Json, base: string, scene: Scene): void {
  const { kind } = scene
  const scope = kind.namespaced ? `${base}/namespaces/{namespace}` : base
  const here = kind.namespaced ? [namespaceParameter] : []
  const collection = `${scope}/${kind.resource}`
  paths[collection] = operations(scene, kind.verbs, collectionActions, '', here)
  if (kind.namespaced && kind.verbs.includes('list')) {
    paths[`${base}/${kind.resource}`] = operations(scene, ['list'], collectionActions, 'ForAllNamespaces', [])
  }
  const name = pathPart('name', `The name of the ${kind.kind}.`)
  const item = operations(scene, kind.verbs, itemActions, '', [name, ...here])
  if (Object.keys(item).length > 1) paths[`${collection}/{name}`] = item
  for (const subresource of kind.subresources.values()) {
    const at = `${collection}/{name}/${subresource.name}`
    paths[at] = operations(scene, subresource.verbs, subresourceActions, capital(subresource.name), [name, ...here], subresource)
  }
}

function operations(
  scene: Scene,
  verbs: readonly Verb[],
  actions: typeof itemActions,
  suffix: string,
  parameters: readonly Json[],
  subresource?: Subresource,
): Json {
  const item: Json = {}
  for (const verb of verbs) {
    const action = actions[verb]
    if (action) item[action.method] = operation(scene, verb, action, suffix, subresource)
  }
  return { ...item, parameters: [...parameters, pretty] }
}

/** The names that Kubernetes gives its operations; generated clients make methods of them. */
const words: Readonly<Partial<Record<Verb, string>>> = { get: 'read', update: 'replace', deletecollection: 'delete' }

function operationId(kind: ResourceKind, verb: Verb, action: Action, suffix: string, connect: boolean): string {
  const api = `${groupWord(kind.group)}${capital(kind.version)}`
  const scope = kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''
  const collection = verb === 'deletecollection' ? 'Collection' : ''
  const start = connect ? `connect${api}${capital(action.method)}` : `${words[verb] ?? verb}${api}${collection}`
  return `${start}${scope}${kind.kind}${suffix}`
}

function operation(scene: Scene, verb: Verb, action: Action, suffix: string, subresource: Subresource | undefined): Json {
  const { kind } = scene
  const gvk: GroupVersionKind = subresource?.kind ?? kind
  const connect = subresource?.kind?.kind.endsWith('Options') ?? false
  const schema = connect ? { type: 'string' } : bodySchema(scene, subresource)
  const answer = verb === 'list' ? definitionRef(`${kindDefinitionName(kind)}List`) : schema
  const body = requestBody(scene, verb, connect ? undefined : schema)
  const object = subresource ? `${subresource.name} of the ${kind.kind}` : kind.kind
  return {
    description: `${connect ? `connect ${action.method} requests to` : (words[verb] ?? verb)} ${object}`,
    operationId: operationId(kind, verb, action, suffix, connect),
    parameters: connect ? [] : action.parameters,
    ...(body ? { requestBody: body } : {}),
    responses: reply(answer),
    tags: [`${groupWord(kind.group).toLowerCase()}_${kind.version}`],
    'x-kubernetes-action': connect ? 'connect' : action.action,
    'x-kubernetes-group-version-kind': { group: gvk.group, kind: gvk.kind, version: gvk.version },
  }
}

/** Where a built-in body kind (Scale, Eviction) is not of this group, its package in the field table. */
const bodyPacks: Readonly<Record<string, string>> = {
  Binding: 'core/v1',
  Eviction: 'policy/v1',
  Scale: 'autoscaling/v1',
  TokenRequest: 'authentication/v1',
}

function bodySchema(scene: Scene, subresource: Subresource | undefined): Json {
  const of = subresource?.kind
  const pack = of && bodyPacks[of.kind]
  if (!of || !pack) return definitionRef(kindDefinitionName(scene.kind))
  const schema = builtinSchema(pack, of.kind)
  const { $ref } = scene.definitions.typeOf(schema)
  const name = String($ref).replace('#/components/schemas/', '')
  return scene.definitions.object(schema, name, of)
}

function requestBody(scene: Scene, verb: Verb, schema: Json | undefined): Json | undefined {
  if (!schema) return undefined
  if (verb === 'create' || verb === 'update') return { content: { '*/*': { schema } }, required: true }
  if (verb === 'patch') {
    const patch = scene.definitions.add('io.k8s.apimachinery.pkg.apis.meta.v1.Patch', {
      description: 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.',
      type: 'object',
    })
    const types = scene.builtin ? [...patchTypes, strategic] : patchTypes
    return { content: Object.fromEntries(types.map((type) => [type, { schema: patch }])), required: true }
  }
  if (verb !== 'delete' && verb !== 'deletecollection') return undefined
  return { content: { '*/*': { schema: scene.definitions.typeOf(builtinSchema('meta/v1', 'DeleteOptions')) } } }
}

function reply(schema: Json): Json {
  const content = Object.fromEntries(replies.map((type) => [type, { schema }]))
  return { 200: { description: 'OK', content }, 401: { description: 'Unauthorized' } }
}
