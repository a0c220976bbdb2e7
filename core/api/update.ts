/** Changes of an object that exists: the loop that PUT, PATCH, status and the other subresources share, and PUT. */
import { ApiError } from '../client/contract.js'
import { applyDefaults, equalJson, type KubeObject, type ManagedFields, validateUpdate } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import { mutate, validateAdmission } from './admission.js'
import { authorize } from './authorize.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { createOnce } from './create.js'
import { type DecodedBody, decodeBody } from './decode-body.js'
import { findItem, type Outcome, onFresh, reach } from './fresh.js'
import { checkName, checkNamespace, checkPreconditions, countGeneration, isMarked, keptMetadata } from './metadata.js'
import { advise } from './notes.js'
import { type WriteSettings, writeSettings } from './options.js'
import { objectOwners, sameOwners, setOwners } from './ownership.js'
import type { Resource } from './resource.js'
import { noClaim } from './service-allocations.js'
import { type ApiServices, timestamp } from './services.js'
import { copyTree } from './tree.js'
import { removeObject, writeObject } from './writes.js'

/**
 * How often a change without a precondition is made again after a lost race. Somebody wins each race, so this is only a
 * fence: it is higher than the number of clients that write one object at once.
 */
const raceAttempts = 100

export interface Change {
  /**
   * Which part is written, and with that what is checked. `object`: all but the status. `status`: the status. `subresource`:
   * another part, the result is checked whole. `trusted`: what `make` sets is known to be sound.
   */
  readonly part: 'object' | 'status' | 'subresource' | 'trusted'
  readonly settings: WriteSettings
  /**
   * The new object, made of the current one; for the part `object` a tree of its own. Called again after each lost race. Throws
   * the refusal where a precondition fails. A promise only where a webhook is to be asked.
   */
  make(current: KubeObject): KubeObject | Promise<KubeObject>
  /**
   * Who owns which fields of the new object, which has its defaults but for those of a status. Absent: as they are, for
   * writes that are the server's own. Called once after each `make`.
   */
  owners?(current: KubeObject, made: KubeObject): ManagedFields | undefined | Promise<ManagedFields | undefined>
  /** After a lost race: false ends in 409. */
  readonly retry: boolean
}

export interface Changed {
  readonly object: KubeObject
  /** Absent for a dry run. */
  readonly item?: CachedObject
}

/** Throws 404 where nothing is there. */
export async function change(services: ApiServices, resource: Resource, request: ApiRequest, wanted: Change): Promise<Changed> {
  for (let races = 0; races <= raceAttempts; races++) {
    const changed = await onFresh(services, resource, request, (item) => changeOnce(services, resource, request, wanted, item))
    if (changed) return changed
    if (!wanted.retry) break
  }
  throw ApiError.conflict(resource.kind, request.name)
}

/** Undefined after a lost race; the cache is then up to what won. */
async function changeOnce(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  wanted: Change,
  item: CachedObject,
): Promise<Outcome<Changed> | undefined> {
  const { kind } = resource
  if (resource.prepare) await resource.prepare([item])
  const shown = resource.show(item)
  const old = shown.object
  const { dryRun } = wanted.settings
  const admitted = { operation: 'UPDATE', oldObject: old, dryRun } as const
  const { own, owners } = await makeOwn(resource, wanted, old)
  const object = await mutate(services.hooks, request, kind, own, admitted)
  settle(resource, request, wanted, object, old)
  if (wanted.part === 'status') kind.strategy.prepareStatusUpdate?.(object, old, timestamp(services.clock.now()))
  setOwners(object, owners)
  await validateAdmission(services.hooks, request, kind, { ...admitted, object })

  delete object.metadata.resourceVersion
  if (unchanged(object, old)) return { result: { object: old, item: shown }, committed: false }
  const ends = isMarked(object) && isFinished(resource, object)
  if (dryRun && resource.allocates && !ends) services.allocations.forUpdate(object, old).drop()
  if (dryRun) return { result: { object: withVersion(object, old.metadata.resourceVersion) }, committed: false }
  const write = ends ? remove : replace
  const result = await write(services, resource, request, item, object)
  return result && { result, committed: true }
}

/** The new object as a tree of its own, which taps may change in place, and who owns it before they do. */
async function makeOwn(
  { kind }: Resource,
  wanted: Change,
  old: KubeObject,
): Promise<{ own: KubeObject; owners: ManagedFields | undefined }> {
  const made = await wanted.make(old)
  const { managedFields, ...metadata } = made.metadata
  // These share parts with the frozen object; the managers' trees are never changed in place.
  const own = wanted.part === 'object' ? made : copyTree({ ...made, metadata })
  if (wanted.part === 'object' || wanted.part === 'subresource') applyDefaults(kind, own)
  // A status has no defaults, so what shares parts can be compared, which is quick.
  const owners = wanted.owners ? await wanted.owners(old, wanted.part === 'status' ? made : own) : managedFields
  setOwners(own, owners)
  return { own, owners }
}

/** Defaults, what the server keeps, and validation. Changes `object`. */
function settle(resource: Resource, request: ApiRequest, { part }: Change, object: KubeObject, old: KubeObject): void {
  const { kind } = resource
  if (part === 'object' && kind.hasStatus) keepStatus(object, old)
  if (part !== 'trusted') applyDefaults(kind, object)
  if (part === 'object') {
    keptMetadata(object, old)
    kind.strategy.prepareUpdate?.(object, old)
  }
  if (part !== 'status') countGeneration(kind, object, old)
  if (part === 'trusted') return
  const subresource = part === 'object' ? undefined : part === 'status' ? part : request.subresource
  const errors = validateUpdate(kind, object, old, subresource)
  if (errors.length > 0) throw ApiError.invalid(kind, object.metadata.name, errors)
  if (part === 'object') advise(request, kind, object, old)
}

function keepStatus(object: KubeObject, old: KubeObject): void {
  if (old.status === undefined) delete object.status
  else object.status = old.status
}

/** Equal but for the resourceVersion, which `object` does not have. */
function unchanged(object: KubeObject, old: KubeObject): boolean {
  const { metadata, ...content } = object
  const { metadata: oldMetadata, ...oldContent } = old
  const { managedFields, ...sent } = metadata
  const { managedFields: oldManagers, resourceVersion: _version, ...kept } = oldMetadata
  return equalJson(sent, kept) && equalJson(content, oldContent) && sameOwners(managedFields, oldManagers)
}

/** A marked object goes with the write that takes its last finalizer, but a pod not before its grace is over. */
function isFinished(resource: Resource, object: KubeObject): boolean {
  const { finalizers, deletionGracePeriodSeconds } = object.metadata
  if (finalizers !== undefined && finalizers.length > 0) return false
  if (deletionGracePeriodSeconds !== undefined && deletionGracePeriodSeconds > 0) return false
  return resource.finished === undefined || resource.finished(object)
}

function withVersion(object: KubeObject, resourceVersion: string | undefined): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

async function replace(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  current: CachedObject,
  object: KubeObject,
): Promise<Changed | undefined> {
  const claim = resource.allocates ? services.allocations.forUpdate(object, resource.show(current).object) : noClaim
  try {
    const written = await writeObject(services, { request, resource, verb: 'update', object, current, also: claim })
    if (written.ok) {
      claim.keep()
      return { object: written.item.object, item: written.item }
    }
    services.allocations.learn(written.result.current)
    await reach(resource, written.result.revision, request.signal)
    return undefined
  } finally {
    claim.drop()
  }
}

/** The last finalizer is gone: the object goes with it, and the reply shows it as it was to be written. */
async function remove(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  current: CachedObject,
  object: KubeObject,
): Promise<Changed | undefined> {
  const claim = resource.allocates ? services.allocations.forDelete(current.object) : noClaim
  const written = await removeObject(services, { request, resource, verb: 'delete', object, current, also: claim })
  if (!written.ok) {
    await reach(resource, written.result.revision, request.signal)
    return undefined
  }
  claim.keep()
  return { object: withVersion(object, String(current.revision)) }
}

/** PUT on the object itself. */
export async function update(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { kind } = resource
  const settings = writeSettings(request, 'UpdateOptions')
  const first = decodeBody(request, kind, settings)
  checkName(request, first.object)
  checkNamespace(request, kind, first.object)
  if (kind.createOnUpdate && !(await findItem(services, resource, request))) {
    const created = await createByUpdate(services, resource, request, settings, first)
    if (created) return created
  }
  let unused: KubeObject | undefined = first.object
  const { metadata } = first.object
  checkVersionGiven(resource, metadata.resourceVersion, request.name)
  const changed = await change(services, resource, request, {
    part: 'object',
    settings,
    retry: !metadata.resourceVersion,
    make(current) {
      checkPreconditions(kind, metadata, current)
      // Only a lost race needs another tree.
      const object = unused ?? decodeBody(request, kind, settings).object
      unused = undefined
      return object
    },
    owners: (current, made) => objectOwners(services, kind, request, { current, made, sent: first.managedFields }),
  })
  return { type: 'object', code: 200, ...changed, warnings: first.warnings }
}

/** For those who may create, too. Undefined where somebody else created it meanwhile. */
async function createByUpdate(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  settings: WriteSettings,
  body: DecodedBody,
): Promise<ApiResult | undefined> {
  if (body.object.metadata.uid) throw ApiError.notFound(resource.kind, request.name)
  if (body.object.metadata.resourceVersion) throw ApiError.notFound(resource.kind, request.name)
  await authorize(services.hooks, { ...request, verb: 'create' })
  const { object } = decodeBody(request, resource.kind, settings)
  object.metadata.name = request.name
  const created = await createOnce(services, resource, request, settings, { object, warnings: body.warnings })
  return created.type === 'object' ? created : undefined
}

function checkVersionGiven(resource: Resource, version: string | undefined, name: string): void {
  if (resource.kind.unconditionalUpdate || (version !== undefined && version !== '' && version !== '0')) return
  const message = 'Invalid value: 0x0: must be specified for an update'
  throw ApiError.invalid(resource.kind, name, [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message }])
}
