/** Puts a finalizer on what is there, and takes it off what goes and is not in use. */
import { edit, isNotFound, type ResourceRef } from '@davit/core/client'
import type { ReconcileContext } from '@davit/core/controller'
import type { KubeObject } from '@davit/core/kinds'

export async function settle<T extends KubeObject>(
  resource: ResourceRef<T>,
  object: T,
  finalizer: string,
  inUse: () => boolean,
  { client, cause }: ReconcileContext,
): Promise<void> {
  const { finalizers = [], deletionTimestamp } = object.metadata
  const has = finalizers.includes(finalizer)
  const going = deletionTimestamp !== undefined
  if (has !== going || (going && inUse())) return
  const wanted = going ? finalizers.filter((each) => each !== finalizer) : [...finalizers, finalizer]
  const changed = edit(object, (draft) => {
    draft.metadata.finalizers = wanted
  })
  try {
    await client.update(resource, changed, { cause })
  } catch (error) {
    // Gone already: that is what was wanted.
    if (!isNotFound(error)) throw error
  }
}
