/** Writes a plan of slices, and remembers what was written. */
import { ApiError, endpointSlices, isNotFound } from '@davit/core/client'
import type { ControllerHost, ReconcileContext } from '@davit/core/controller'
import type { EndpointSlice } from '@davit/core/kinds'
import { managedByLabel, serviceNameLabel } from './names.js'
import { OwnWrites } from './own-writes.js'
import type { SlicePlan } from './slice-plan.js'

/** The slices of one of the controllers, by Service. */
export function ownSlices(host: ControllerHost, manager: string): OwnWrites<EndpointSlice> {
  const slices = host.informer(endpointSlices)
  const owners = (slice: EndpointSlice) => sliceOwners(slice, manager)
  slices.index(manager, owners)
  return new OwnWrites({ informer: slices, clock: host.clock, owners, find: (owner) => slices.byIndex(manager, owner) })
}

export function sliceOwners({ metadata: { namespace, labels = {} } }: EndpointSlice, manager: string): readonly string[] {
  const service = labels[serviceNameLabel]
  return service && labels[managedByLabel] === manager ? [`${namespace}/${service}`] : []
}

export async function writeSlices(plan: SlicePlan, own: OwnWrites<EndpointSlice>, context: ReconcileContext): Promise<void> {
  const writes = [
    ...plan.create.map((slice) => createSlice(slice, own, context)),
    ...plan.update.map((slice) => updateSlice(slice, own, context)),
    ...plan.remove.map((slice) => removeSlice(slice, own, context)),
  ]
  const failure = (await Promise.allSettled(writes)).find((write) => write.status === 'rejected')
  if (failure) throw failure.reason
}

/** Nothing can be made in a namespace that is going, and nothing needs to be. */
export function isTerminating(error: unknown): boolean {
  return error instanceof ApiError && (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
}

async function createSlice(
  slice: EndpointSlice,
  own: OwnWrites<EndpointSlice>,
  { client, cause }: ReconcileContext,
): Promise<void> {
  try {
    own.wrote(await client.create(endpointSlices, slice, { cause }))
  } catch (error) {
    if (!isTerminating(error)) throw error
  }
}

async function updateSlice(
  slice: EndpointSlice,
  own: OwnWrites<EndpointSlice>,
  { client, cause }: ReconcileContext,
): Promise<void> {
  try {
    own.wrote(await client.update(endpointSlices, slice, { cause }))
  } catch (error) {
    if (isNotFound(error)) own.removed(slice)
    throw error
  }
}

async function removeSlice(
  slice: EndpointSlice,
  own: OwnWrites<EndpointSlice>,
  { client, cause }: ReconcileContext,
): Promise<void> {
  const { namespace = '', name, uid } = slice.metadata
  try {
    await client.delete(endpointSlices, namespace, name, { cause, preconditions: { uid: uid ?? '' } })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  own.removed(slice)
}
