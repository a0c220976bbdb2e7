/** A definition that is to be deleted stays until its objects are gone: it gets a finalizer before it is marked. */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { isConflict, isNotFound } from '@davit/core/client'
import { cleanupFinalizer, type Definition, isGoing, isHeld } from './definition.js'
import type { System } from './system.js'

/** A tap of the validate slot. The delete itself then meets an object that has changed, and starts over with it. */
export function holdDeleted(system: System): (request: AdmissionRequest) => Promise<AdmissionDenial | undefined> | undefined {
  return ({ operation, kind, subresource, dryRun, oldObject }) => {
    if (operation !== 'DELETE' || kind.kind !== 'CustomResourceDefinition' || subresource !== '' || dryRun) return undefined
    const definition = oldObject as Definition | undefined
    if (kind.custom || !definition || isHeld(definition) || isGoing(definition)) return undefined
    return hold(system, definition)
  }
}

async function hold(system: System, definition: Definition): Promise<undefined> {
  const { metadata } = definition
  const finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer]
  try {
    await system.update({ ...definition, metadata: { ...metadata, finalizers } })
  } catch (error) {
    // The delete finds out by itself, and asks again.
    if (!isConflict(error) && !isNotFound(error)) throw error
  }
}
