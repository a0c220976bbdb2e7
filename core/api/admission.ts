/** How the pipeline asks the admission slots. */
import { ApiError } from '../client/contract.js'
import type { KubeObject, ResourceKind } from '../kinds/contract.js'
import { admissionOptions } from './admission-options.js'
import type { AdmissionRequest, ApiHooks, ApiRequest } from './contract.js'
import { createNotes } from './notes.js'
import { callSlot } from './slots.js'

export interface Admitted {
  readonly operation: AdmissionRequest['operation']
  readonly object?: KubeObject
  readonly oldObject?: KubeObject
  readonly dryRun: boolean
}

export async function mutate(
  hooks: ApiHooks,
  request: ApiRequest,
  kind: ResourceKind,
  object: KubeObject,
  admitted: Admitted,
): Promise<KubeObject> {
  const asked = admissionRequest(request, kind, admitted, object)
  return (await callSlot(() => hooks.mutate.call(object, asked))) ?? object
}

export async function validateAdmission(
  hooks: ApiHooks,
  request: ApiRequest,
  kind: ResourceKind,
  admitted: Admitted,
  object = admitted.object,
): Promise<void> {
  const asked = admissionRequest(request, kind, admitted, object)
  const denial = await callSlot(() => hooks.validate.call(asked))
  if (!denial) return
  throw ApiError.denied(denial.code, denial.reason, denial.message, {
    ...(asked.name === '' ? {} : { name: asked.name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.resource,
  })
}

/**
 * Asks both slots about what a request creates that is no stored object: a binding, an eviction. The answer is what is to
 * be carried out; the schema of its kind says what of it may be.
 */
export async function admitCreation(
  hooks: ApiHooks,
  request: ApiRequest,
  kind: ResourceKind,
  object: KubeObject,
  dryRun: boolean,
): Promise<KubeObject> {
  const admitted = { operation: 'CREATE', dryRun } as const
  const made = await mutate(hooks, request, kind, object, admitted)
  await validateAdmission(hooks, request, kind, { ...admitted, object: made })
  return made
}

/** Each with its fields in one order and none copied: two are made for every write. */
function admissionRequest(
  request: ApiRequest,
  kind: ResourceKind,
  admitted: Admitted,
  object = admitted.object,
): AdmissionRequest {
  const { operation, oldObject, dryRun } = admitted
  const { subresource = '', namespace, user } = request
  const name = request.name || ((object ?? oldObject)?.metadata.name ?? '')
  const { warn, audit } = request.notes ?? createNotes()
  const options = (): object | undefined => admissionOptions(request, operation)
  if (object && oldObject) {
    return { operation, kind, subresource, namespace, name, user, dryRun, options, warn, audit, object, oldObject }
  }
  if (object) return { operation, kind, subresource, namespace, name, user, dryRun, options, warn, audit, object }
  const asked = { operation, kind, subresource, namespace, name, user, dryRun, options, warn, audit }
  return oldObject ? { ...asked, oldObject } : asked
}
