import { edit, type ResourceRef } from '../client/contract.js'
import { equalJson, type KubeObject } from '../kinds/contract.js'
import type { ReconcileContext } from './contract.js'

/** Writes the status where it says something new. Answers with what is stored then: `object` itself where it does not. */
export async function writeStatus<T extends KubeObject & { status?: object | undefined }>(
  { client, cause }: Pick<ReconcileContext, 'client' | 'cause'>,
  resource: ResourceRef<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<T> {
  if (equalJson(status, object.status ?? {})) return object
  const changed = edit(object, (draft) => {
    draft.status = status
  })
  return client.updateStatus(resource, changed, { cause })
}
