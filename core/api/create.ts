/** POST on a collection. */
import { ApiError } from '../client/contract.js'
import { applyDefaults, invalid, type KubeObject, type ManagedFields, required, validate } from '../kinds/contract.js'
import { mutate, validateAdmission } from './admission.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { type DecodedBody, decodeBody } from './decode-body.js'
import { checkNamespace, newMetadata } from './metadata.js'
import { segmentProblem } from './names.js'
import { advise } from './notes.js'
import { type WriteSettings, writeSettings } from './options.js'
import { createdOwners, setOwners } from './ownership.js'
import type { Resource } from './resource.js'
import { noClaim } from './service-allocations.js'
import type { ApiServices } from './services.js'
import { writeObject } from './writes.js'

/** How often a generated name that is taken is made anew. */
const generateAttempts = 8

export async function create(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const settings = writeSettings(request, 'CreateOptions')
  for (let attempt = 1; ; attempt++) {
    const created = await createOnce(services, resource, request, settings, decodeBody(request, resource.kind, settings))
    if (created.type === 'object') return created
    if (created.type === 'raced') continue
    if (!created.generated) throw ApiError.alreadyExists(resource.kind, created.name)
    if (attempt === generateAttempts) throw ApiError.serverTimeout(resource.kind, 'create')
  }
}

type Attempt =
  | Extract<ApiResult, { type: 'object' }>
  /** An object of that name exists. */
  | { readonly type: 'taken'; readonly name: string; readonly generated: boolean }
  /** Another server gave out the same address or port at the same time. */
  | { readonly type: 'raced' }

/** `body` is changed. `owners` are those of the new object where they do not follow from what it has. */
export async function createOnce(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  settings: WriteSettings,
  body: DecodedBody,
  owners?: ManagedFields,
): Promise<Attempt> {
  const { kind } = resource
  const admitted = { operation: 'CREATE', dryRun: settings.dryRun } as const
  if (resource.loading) await resource.loading
  checkNamespace(request, kind, body.object)
  applyDefaults(kind, body.object)
  // What admission adds is nobody's.
  const managedFields = owners ?? createdOwners(services, kind, request, body.object)
  setOwners(body.object, managedFields)
  const object = await mutate(services.hooks, request, kind, body.object, admitted)
  applyDefaults(kind, object)
  const { generated } = prepare(services, resource, object)
  setOwners(object, managedFields)
  check(resource, object)
  advise(request, kind, object)
  await validateAdmission(services.hooks, request, kind, admitted, object)

  const { name, namespace = '' } = object.metadata
  if (settings.dryRun) return dryRun(services, resource, { object, name, namespace, generated, warnings: body.warnings })
  const claim = resource.allocates ? services.allocations.forCreate(object, settings) : noClaim
  try {
    const written = await writeObject(services, { request, resource, verb: 'create', object, also: claim })
    if (written.ok) {
      claim.keep()
      return { type: 'object', code: 201, object: written.item.object, item: written.item, warnings: body.warnings }
    }
    services.allocations.learn(written.result.current)
    const exists = written.result.current.get(resource.key(namespace, name)) !== undefined
    return exists ? { type: 'taken', name, generated } : { type: 'raced' }
  } finally {
    claim.drop()
  }
}

/** What the server owns of a new object. Nodes bring their status along: their agents register with it. */
function prepare(services: ApiServices, resource: Resource, object: KubeObject): { generated: boolean } {
  const { kind } = resource
  const made = newMetadata(services, kind, object)
  if (kind.hasStatus && kind.kind !== 'Node') delete object.status
  kind.strategy.prepareCreate?.(object)
  return made
}

function check(resource: Resource, object: KubeObject): void {
  const { kind } = resource
  const { name } = object.metadata
  if (name === '') {
    throw ApiError.invalid(kind, '', [required('metadata.name', 'name or generateName is required')])
  }
  const errors = validate(kind, object)
  if (errors.length > 0) throw ApiError.invalid(kind, name, errors)
  const problem = segmentProblem(name)
  if (problem !== undefined) throw ApiError.invalid(kind, name, [invalid('metadata.name', name, problem)])
}

interface DryRun {
  readonly object: KubeObject
  readonly name: string
  readonly namespace: string
  readonly generated: boolean
  readonly warnings: readonly string[]
}

async function dryRun(
  services: ApiServices,
  resource: Resource,
  { object, name, namespace, generated, warnings }: DryRun,
): Promise<Attempt> {
  if (resource.cache.get(namespace, name)) return { type: 'taken', name, generated }
  if (resource.allocates) services.allocations.forCreate(object, { dryRun: true }).drop()
  return { type: 'object', code: 201, object, warnings }
}
