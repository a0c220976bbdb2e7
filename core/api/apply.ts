/**
 * Server-side apply: a configuration is what its manager wants of an object. It is laid over the live object, what the
 * manager does not want any more is taken out, and fields of others are touched only by force.
 */
import { ApiError, isNotFound } from '../client/contract.js'
import {
  appliedFields,
  appliedProblems,
  applyOwners,
  compareFields,
  configurationProblem,
  createdFields,
  decode,
  type FieldWriter,
  firstOwner,
  type KubeObject,
  type ManagedFields,
  mergeApplied,
  pruneApplied,
  type ResourceKind,
  type WrittenPart,
} from '../kinds/contract.js'
import { authorize } from './authorize.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { createOnce } from './create.js'
import { decodeTree } from './decode-body.js'
import { findItem } from './fresh.js'
import { isLeftByClient, keepLastApplied } from './last-applied.js'
import { checkName, checkNamespace, checkPreconditions, checkSameName } from './metadata.js'
import { booleanOption, type WriteSettings, writeSettings } from './options.js'
import { changesElsewhere, conversionsOf, ownedHere } from './other-version.js'
import { fieldWriter, objectPart } from './ownership.js'
import type { Resource } from './resource.js'
import { type ApiServices, timestamp } from './services.js'
import { isTree, type Tree } from './tree.js'
import { type Change, change } from './update.js'

/** Each round is lost to somebody who created or deleted the object meanwhile. */
const raceAttempts = 100

export interface Configuration {
  readonly tree: Tree
  readonly settings: WriteSettings
  readonly force: boolean
  readonly warnings: readonly string[]
}

/** PATCH of the object itself. */
export async function apply(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const config = configurationOf(request, resource.kind)
  for (let attempt = 0; attempt < raceAttempts; attempt++) {
    const isThere = (await findItem(services, resource, request)) !== undefined
    const result = isThere
      ? await applyToObject(services, resource, request, config)
      : await createApplied(services, resource, request, config)
    if (result) return result
  }
  throw ApiError.conflict(resource.kind, request.name)
}

/** Undefined where somebody deleted it meanwhile. */
async function applyToObject(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  config: Configuration,
): Promise<ApiResult | undefined> {
  const written = objectPart(resource.kind)
  try {
    return await applyPart(services, resource, request, { part: 'object', written, merge: (_current, sent) => sent }, config)
  } catch (error) {
    if (!isNotFound(error) || (await findItem(services, resource, request))) throw error
    return undefined
  }
}

/** Undefined where somebody else created it meanwhile. */
async function createApplied(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  config: Configuration,
): Promise<ApiResult | undefined> {
  const { kind } = resource
  // Who may patch may not yet create.
  await authorize(services.hooks, { ...request, verb: 'create' })
  const { object } = decodeTree(config.tree, kind, { ...config.settings, fieldValidation: 'Ignore' })
  const { uid } = object.metadata
  if (uid) {
    const text = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw ApiError.conflict(kind, request.name, text)
  }
  checkNamespace(request, kind, object)
  checkName(request, object)
  const fields = appliedFields(kind.schema, config.tree, objectPart(kind))
  const owners = firstOwner(fields, fieldWriter(request, kind, 'Apply'), timestamp(services.clock.now()))
  const body = { object, warnings: config.warnings }
  const created = await createOnce(services, resource, request, config.settings, body, owners ?? [])
  return created.type === 'object' ? created : undefined
}

export interface AppliedPart {
  readonly part: Change['part']
  readonly written: WrittenPart
  /** Takes of the merged object what may be written here. */
  merge(current: KubeObject, sent: KubeObject): KubeObject
  /** The version that conflicts are shown in, where it is not that of the managers. */
  readonly shownVersion?: string
}

/** Of an object that is there; 404 otherwise. */
export async function applyPart(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  applied: AppliedPart,
  config: Configuration = configurationOf(request, resource.kind),
): Promise<Extract<ApiResult, { type: 'object' }>> {
  const { part } = applied
  let owners: ManagedFields = []
  const changed = await change(services, resource, request, {
    part,
    settings: config.settings,
    retry: true,
    async make(current) {
      const made = await applyTo(services, resource, request, applied, config, current)
      owners = made.owners
      return made.object
    },
    owners: () => owners,
  })
  return { type: 'object', code: 200, ...changed, warnings: config.warnings }
}

async function applyTo(
  services: ApiServices,
  { kind }: Resource,
  request: ApiRequest,
  { written, merge, shownVersion }: AppliedPart,
  { tree, settings, force }: Configuration,
  current: KubeObject,
): Promise<{ object: KubeObject; owners: ManagedFields }> {
  const now = timestamp(services.clock.now())
  const writer = fieldWriter(request, kind, 'Apply')
  const fields = appliedFields(kind.schema, tree, written)
  const before = ownersBefore(kind, current, written, writer, now)
  const mine = before.find((entry) => isApplier(entry, writer))
  const merged = mergeApplied(kind.schema, current, tree)
  const here = (entry: ManagedFields[number]) => ownedHere(services, kind, written, merged as KubeObject, entry)
  const others = before.filter((entry) => entry !== mine)
  const pruned = mine
    ? pruneApplied(kind.schema, merged, await here(mine), [fields, ...(await Promise.all(others.map(here)))])
    : merged
  const sent = decodeTree(pruned, kind, { ...settings, fieldValidation: 'Ignore' }).object
  checkSameName(current, sent)
  checkPreconditions(kind, sent.metadata, current)
  const object = merge(current, sent)
  const changes = compareFields(kind.schema, current, object, written)
  const conversions = await conversionsOf(services, kind, before, [current, object])
  const elsewhere = changesElsewhere(services, kind, written, current, object, conversions)
  const applied = applyOwners(before, fields, changes, writer, now, elsewhere)
  const conflicts = shownVersion
    ? applied.conflicts.map((one) => ({ ...one, message: one.message.replace(/ using \S+$/, ` using ${shownVersion}`) }))
    : applied.conflicts
  if (!force && conflicts.length > 0) {
    const allowed = isLeftByClient(kind, writer, current, written)
    const left = conflicts.filter(({ field }) => !allowed(field))
    if (left.length > 0) throw ApiError.applyConflict(left)
  }
  keepLastApplied(writer, object, tree)
  return { object, owners: applied.entries }
}

const isApplier = (entry: ManagedFields[number], { manager, subresource }: FieldWriter): boolean =>
  entry.operation === 'Apply' && entry.manager === manager && (entry.subresource ?? '') === subresource

/** An object that nobody owned yet belongs to a manager of that name, so that the apply meets what is there. */
function ownersBefore(
  kind: ResourceKind,
  current: KubeObject,
  written: WrittenPart,
  { apiVersion, subresource }: FieldWriter,
  now: string,
): ManagedFields {
  const { managedFields } = current.metadata
  if (managedFields !== undefined && managedFields.length > 0) return managedFields
  const writer: FieldWriter = { manager: 'before-first-apply', operation: 'Update', apiVersion, subresource }
  return firstOwner(createdFields(kind.schema, current, written), writer, now) ?? []
}

/** The body of an apply, with what the query says of it; refused where it is no configuration of the kind. */
export function configurationOf(request: ApiRequest, kind: ResourceKind): Configuration {
  const settings = writeSettings(request, 'PatchOptions')
  const force = booleanOption(request, 'force') ?? false
  const { body, duplicates = [] } = request
  if (!isTree(body)) throw ApiError.badRequest('error decoding YAML: the body must be an object')
  const form = configurationProblem(body)
  if (form !== undefined) throw ApiError.badRequest(`error decoding YAML: ${form}`)
  const type = typeText(body)
  if (body.apiVersion !== kind.apiVersion || body.kind !== kind.kind) throw ApiError.badRequest(`invalid object type: ${type}`)
  const metadata = isTree(body.metadata) ? body.metadata : {}
  if (metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw ApiError.badRequest('metadata.managedFields must be nil')
  }
  const problems = problemsOf(kind, body)
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
    const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
    throw ApiError.badRequest(`failed to create typed patch object (${name}; ${type}): ${list}`)
  }
  const warnings = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)
  if (warnings.length > 0 && settings.fieldValidation === 'Strict') {
    throw ApiError.badRequest(`error strict decoding YAML: ${warnings.join(', ')}`)
  }
  return { tree: body, settings, force, warnings }
}

function problemsOf(kind: ResourceKind, config: Tree): readonly string[] {
  const problems = appliedProblems(kind.schema, config)
  if (problems.length > 0) return problems
  const { errors } = decode(kind, config, { unknownFields: 'drop' })
  return errors.map(({ field, message }) => `.${field}: ${message}`)
}

/** "apps/v1, Kind=Deployment", "/v1, Kind=Pod". */
function typeText({ apiVersion, kind }: Tree): string {
  const version = typeof apiVersion === 'string' ? apiVersion : ''
  return `${version.includes('/') ? version : `/${version}`}, Kind=${typeof kind === 'string' ? kind : ''}`
}
