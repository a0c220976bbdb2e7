/** Whom a changed object wakes. */
import { equalJson, type KubeObject } from '../kinds/contract.js'
import { namespacedKey } from './key.js'
import { controllerOf } from './owner.js'

export interface Change<T extends KubeObject> {
  /** Absent: it is new, or it is gone. */
  readonly old?: T
  readonly deleted: boolean
}

/** Keys of the controllers of `kind` that a changed object has, or had before. */
export function keysOfControllers<T extends KubeObject>(
  kind: string,
  object: T,
  { old }: Pick<Change<T>, 'old'> = {},
): readonly string[] {
  const references = [controllerOf(object), old && controllerOf(old)]
  const names = references.flatMap((reference) => (reference?.kind === kind ? [reference.name] : []))
  return [...new Set(names)].map((name) => `${object.metadata.namespace ?? ''}/${name}`)
}

/** An object without a controller matters when it comes, when its labels change and when it has just been let go. */
export function mayBeAdopted<T extends KubeObject>(object: T, { old, deleted }: Change<T>): boolean {
  if (deleted || controllerOf(object)) return false
  return !old || controllerOf(old) !== undefined || !equalJson(object.metadata.labels, old.metadata.labels)
}

/** Keys of the owners of `kind` that a changed dependant wakes. `adopters`: who would take it on; asked only where somebody may. */
export function keysOfDependant<T extends KubeObject>(
  kind: string,
  object: T,
  change: Change<T>,
  adopters: () => readonly KubeObject[],
): readonly string[] {
  const keys = keysOfControllers(kind, object, change)
  return mayBeAdopted(object, change) ? [...new Set([...keys, ...adopters().map(namespacedKey)])] : keys
}
