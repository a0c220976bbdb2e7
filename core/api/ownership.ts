/** Who owns which fields of an object after a write: `metadata.managedFields`. */
import {
  compareFields,
  createdFields,
  equalJson,
  type FieldWriter,
  firstOwner,
  isReset,
  isUnchanged,
  type KubeObject,
  type ManagedFields,
  type ResourceKind,
  readManagedFields,
  updateOwners,
  type WrittenPart,
} from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'
import { isPrintable } from './options.js'
import { type Conversions, changesElsewhere, conversionsOf } from './other-version.js'
import { type ApiServices, timestamp } from './services.js'

/** All else in metadata is the server's. */
const ownable: ReadonlySet<string> = new Set(['generateName', 'labels', 'annotations', 'ownerReferences', 'finalizers'])
const whole: WrittenPart = { has: () => true, metadata: ownable }
const allButStatus: WrittenPart = { has: (field) => field !== 'status', metadata: ownable }

/** What a write to the object itself can make the writer's own. */
export const objectPart = (kind: ResourceKind): WrittenPart => (kind.hasStatus ? allButStatus : whole)

export function fieldWriter(request: ApiRequest, kind: ResourceKind, operation: FieldWriter['operation']): FieldWriter {
  const { subresource = '' } = request
  return { manager: managerOf(request), operation, apiVersion: kind.apiVersion, subresource }
}

const longestManager = 128

/** The name that the client gives itself, else the product in its User-Agent. */
function managerOf(request: ApiRequest): string {
  const given = request.query.fieldManager
  if (given) return given
  const [product = ''] = request.userAgent.split('/', 1)
  return printable(product) || 'unknown'
}

function printable(text: string): string {
  let kept = ''
  let bytes = 0
  for (const character of text) {
    if (!isPrintable(character)) continue
    bytes += Buffer.byteLength(character)
    if (bytes > longestManager) break
    kept += character
  }
  return kept
}

/** Changes `object`, whose metadata must be its own. */
export function setOwners(object: KubeObject, owners: ManagedFields | undefined): void {
  if (owners === undefined || owners.length === 0) delete object.metadata.managedFields
  else object.metadata.managedFields = owners as KubeObject['metadata']['managedFields']
}

/** The writer owns all that it sent, defaults included. */
export function createdOwners(
  services: ApiServices,
  kind: ResourceKind,
  request: ApiRequest,
  object: KubeObject,
): ManagedFields | undefined {
  const fields = createdFields(kind.schema, object, objectPart(kind))
  return firstOwner(fields, fieldWriter(request, kind, 'Update'), timestamp(services.clock.now()))
}

/** A promise only where a webhook is to be asked. */
type Owners = ManagedFields | undefined | Promise<ManagedFields | undefined>

export interface Made {
  readonly current: KubeObject
  /** With its defaults. */
  readonly made: KubeObject
}

/** After a PUT or a patch of the object itself. `sent` is the managedFields of the new object, which a client may change. */
export function objectOwners(
  services: ApiServices,
  kind: ResourceKind,
  request: ApiRequest,
  { current, made, sent }: Made & { readonly sent: unknown },
): Owners {
  return movedOwners(services, kind, request, objectPart(kind), { current, made }, ownersBefore(current, sent))
}

/** After a write through a subresource, which never changes managedFields as such. */
export function partOwners(
  services: ApiServices,
  kind: ResourceKind,
  request: ApiRequest,
  part: WrittenPart,
  written: Made,
): Owners {
  return movedOwners(services, kind, request, part, written, written.current.metadata.managedFields)
}

function movedOwners(
  services: ApiServices,
  kind: ResourceKind,
  request: ApiRequest,
  part: WrittenPart,
  { current, made }: Made,
  before: ManagedFields | undefined,
): Owners {
  // Whose managers were taken away is not tracked again before somebody applies.
  if (before === undefined || before.length === 0) return undefined
  const changes = compareFields(kind.schema, current, made, part)
  if (isUnchanged(changes)) return before
  const writer = fieldWriter(request, kind, 'Update')
  const move = (conversions?: Conversions): ManagedFields => {
    const elsewhere = changesElsewhere(services, kind, part, current, made, conversions)
    return updateOwners(before, changes, writer, timestamp(services.clock.now()), elsewhere)
  }
  // A webhook that is away must not keep anybody from writing what needs no conversion: the paths of its versions then
  // count as they are.
  return conversionsOf(services, kind, before, [current, made])?.then(move, () => move()) ?? move()
}

/** Clients that know nothing of managers send none, or what they once read: neither takes any away. */
function ownersBefore(current: KubeObject, sent: unknown): ManagedFields | undefined {
  const { managedFields } = current.metadata
  if (sent === undefined || sent === null || equalJson(sent, managedFields)) return managedFields
  return isReset(sent) ? undefined : (readManagedFields(sent) ?? managedFields)
}

/** Equal but for the times, which alone are nothing to write. */
export function sameOwners(a: ManagedFields | undefined, b: ManagedFields | undefined): boolean {
  if (a === b) return true
  if (a?.length !== b?.length) return false
  return (a ?? []).every((entry, index) => equalJson({ ...entry, time: '' }, { ...b?.[index], time: '' }))
}
