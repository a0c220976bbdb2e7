/** DELETE of one object: grace, finalizers, propagation. */
import { ApiError } from '../client/contract.js'
import { equalJson, type KubeObject } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import { validateAdmission } from './admission.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { type Deletion, deleteOptions } from './delete-options.js'
import { type Outcome, onFresh, reach } from './fresh.js'
import type { Resource } from './resource.js'
import { noClaim } from './service-allocations.js'
import { type ApiServices, timestamp } from './services.js'
import { at, textAt, withMetadata } from './tree.js'
import { removeObject, writeObject } from './writes.js'

/** `gone`: removed. `waiting`: marked, or was marked before, and somebody has to finish it. In the request's version. */
export type Deleted =
  | { readonly state: 'gone'; readonly object: KubeObject; readonly item?: CachedObject }
  | { readonly state: 'waiting'; readonly object: KubeObject; readonly item?: CachedObject }

export async function deleteObject(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const deletion = deleteOptions(request)
  const deleted = await deleteByName(services, resource, request, deletion)
  const { object, item } = deleted
  const shown = item ? { object, item } : { object }
  if (deleted.state === 'waiting') {
    const code = deletion.orphanDependents === false ? 202 : 200
    return { type: 'object', code, ...shown, warnings: [] }
  }
  if (resource.kind.deleteReturnsObject) return { type: 'object', code: 200, ...shown, warnings: [] }
  return { type: 'object', code: 200, object: success(resource, object), warnings: [] }
}

export async function deleteByName(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  deletion: Deletion,
): Promise<Deleted> {
  for (;;) {
    const run = (item: CachedObject) => deleteOnce(services, resource, request, deletion, item)
    const deleted = await onFresh(services, resource, request, run)
    if (deleted) return deleted
  }
}

/** Undefined after a lost race. */
async function deleteOnce(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  deletion: Deletion,
  item: CachedObject,
): Promise<Outcome<Deleted> | undefined> {
  if (resource.prepare) await resource.prepare([item])
  const shown = resource.show(item)
  const old = shown.object
  checkPreconditions(resource, old, deletion)
  await validateAdmission(services.hooks, request, resource.kind, {
    operation: 'DELETE',
    oldObject: old,
    dryRun: deletion.dryRun,
  })
  const marked = mark(services, resource, old, deletion)
  if (marked === 'as it is') return { result: { state: 'waiting', object: old, item: shown }, committed: false }
  if (deletion.dryRun) {
    return { result: marked ? { state: 'waiting', object: marked } : { state: 'gone', object: old }, committed: false }
  }
  if (marked) {
    const written = await writeObject(services, { request, resource, verb: 'update', object: marked, current: item })
    if (written.ok) return { result: { state: 'waiting', object: written.item.object, item: written.item }, committed: true }
    await reach(resource, written.result.revision, request.signal)
    return undefined
  }
  const also = resource.allocates ? services.allocations.forDelete(old) : noClaim
  const removed = await removeObject(services, { request, resource, verb: 'delete', object: old, current: item, also })
  if (removed.ok) {
    also.keep()
    return { result: { state: 'gone', object: old, item: shown }, committed: true }
  }
  await reach(resource, removed.result.revision, request.signal)
  return undefined
}

/** Of a delete: of the wrong object 409. */
export function checkPreconditions({ kind }: Resource, old: KubeObject, deletion: Deletion): void {
  const { name, uid, resourceVersion } = old.metadata
  const failed = (what: string, wanted: string, found: string | undefined): ApiError =>
    ApiError.conflict(kind, name, `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`)
  if (deletion.uid !== undefined && deletion.uid !== uid) throw failed('UID', deletion.uid, uid)
  if (deletion.resourceVersion && deletion.resourceVersion !== resourceVersion) {
    throw failed('ResourceVersion', deletion.resourceVersion, resourceVersion)
  }
}

/** The object with its marks set; undefined when it may go at once; 'as it is' when nothing new was said. */
function mark(
  services: ApiServices,
  resource: Resource,
  old: KubeObject,
  deletion: Deletion,
): KubeObject | 'as it is' | undefined {
  const now = services.clock.now()
  const before = old.metadata
  const pending = isPodPending(resource, old)
  const grace = graceOf(resource, old, deletion)
  if (pending && (deletion.gracePeriodSeconds === undefined || grace >= (before.deletionGracePeriodSeconds ?? 0)))
    return 'as it is'

  const finalizers = propagated(resource, old, deletion)
  const held = finalizers.length > 0 || !(resource.finished?.(old) ?? true)
  if (!held && grace === 0) return undefined
  const object = withMetadata(old)
  const { metadata } = object
  delete metadata.resourceVersion
  if (finalizers.length > 0) metadata.finalizers = [...finalizers]
  else delete metadata.finalizers
  if (pending || before.deletionTimestamp === undefined) {
    const start = pending ? startOfGrace(before.deletionTimestamp, before.deletionGracePeriodSeconds) : now
    metadata.deletionTimestamp = timestamp(start + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
    if (!pending && (before.generation ?? 0) > 0) metadata.generation = (before.generation ?? 0) + 1
  }
  if (resource.finished) object.status = { ...(old.status as object | undefined), phase: 'Terminating' }
  const { resourceVersion: _version, ...kept } = before
  return equalJson(kept, metadata) && equalJson(old.status, object.status) ? 'as it is' : object
}

/** Marked with a grace that is not over: only a shorter one changes anything. */
function isPodPending(resource: Resource, old: KubeObject): boolean {
  return resource.graceful && old.metadata.deletionTimestamp !== undefined && (old.metadata.deletionGracePeriodSeconds ?? 0) > 0
}

const startOfGrace = (end: string | undefined, seconds = 0): number => Date.parse(end ?? '') - seconds * 1000

/** Seconds that the object may live on. Only pods have a grace; those without a node or already over have none. */
function graceOf(resource: Resource, object: KubeObject, deletion: Deletion): number {
  if (!resource.graceful) return 0
  const phase = textAt(object, 'status', 'phase')
  if (textAt(object, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0
  if (object.metadata.deletionTimestamp !== undefined && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0) return 0
  const own = at(object, 'spec', 'terminationGracePeriodSeconds')
  const wanted = deletion.gracePeriodSeconds ?? (typeof own === 'number' ? own : 0)
  return wanted < 0 ? 1 : wanted
}

const orphan = 'orphan'
const foreground = 'foregroundDeletion'

/** The finalizers with those of the garbage collector as the policy wants them. */
function propagated({ kind }: Resource, object: KubeObject, deletion: Deletion): readonly string[] {
  const before = object.metadata.finalizers ?? []
  const wanted = policyFinalizer(kind.defaultPropagation, before, deletion)
  const others = before.filter((one) => one !== orphan && one !== foreground)
  const has = before.filter((one) => one === orphan || one === foreground)
  if (has.length === (wanted ? 1 : 0) && (wanted === undefined || has[0] === wanted)) return before
  return wanted ? [...others, wanted] : others
}

function policyFinalizer(preset: 'Background' | 'Orphan', before: readonly string[], deletion: Deletion): string | undefined {
  if (deletion.orphanDependents !== undefined) return deletion.orphanDependents ? orphan : undefined
  switch (deletion.propagationPolicy) {
    case 'Orphan':
      return orphan
    case 'Foreground':
      return foreground
    case 'Background':
      return undefined
  }
  if (before.includes(orphan)) return orphan
  if (before.includes(foreground)) return foreground
  return preset === 'Orphan' ? orphan : undefined
}

function success({ kind }: Resource, object: KubeObject): KubeObject {
  const { name, uid } = object.metadata
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {} as KubeObject['metadata'],
    status: 'Success',
    details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource, ...(uid ? { uid } : {}) },
  }
}
