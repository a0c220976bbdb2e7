/** What must be gone before a definition may go: its objects. */
import type { KindRegistry } from '@davit/core/kinds'
import { type Definition, isEstablished } from './definition.js'
import type { System } from './system.js'

/** Deletes all objects; true once none is left. Finalizers of theirs may hold them: then it is asked again. */
export async function removeInstances(system: System, kinds: KindRegistry, definition: Definition): Promise<boolean> {
  if (!isEstablished(definition)) return true
  const { group, versions } = definition.spec
  const version = versions.find(({ storage }) => storage)?.name ?? ''
  const of = { group, version, resource: definition.status?.acceptedNames?.plural ?? '' }
  // What is served under these names may be built in, and then its objects are nobody's to remove.
  if (!kinds.resource(group, version, of.resource)?.custom) return true
  const { items } = await system.list(of)
  const namespaces = new Set(items.map(({ metadata }) => metadata.namespace ?? ''))
  for (const namespace of namespaces) await system.deleteCollection(of, namespace)
  return items.length === 0 || (await system.list(of)).items.length === 0
}
