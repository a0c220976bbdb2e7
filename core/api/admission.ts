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
  const asked = admissionRequest(request, kind, { ...admitted, object })
  return (await callSlot(() => hooks.mutate.call(object, asked))) ?? object
}

export async function validateAdmission(
  hooks: ApiHooks,
  request: ApiRequest,
  kind: ResourceKind,
  admitted: Admitted,
): Promise<void> {
  const asked = admissionRequest(request, kind, admitted)
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

function admissionRequest(request: ApiRequest, kind: ResourceKind, admitted: Admitted): AdmissionRequest {
  const { operation, object, oldObject, dryRun } = admitted
  const { subresource = '', namespace, user } = request
  const name = request.name || ((object ?? oldObject)?.metadata.name ?? '')
  const { warn, audit } = request.notes ?? createNotes()
  const options = (): object | undefined => admissionOptions(request, operation)
  const asked = { operation, kind, subresource, namespace, name, user, dryRun, options, warn, audit }
  if (object && oldObject) return { ...asked, object, oldObject }
  if (object) return { ...asked, object }
  return oldObject ? { ...asked, oldObject } : asked
}
