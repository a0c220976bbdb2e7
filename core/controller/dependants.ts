/** Finding what belongs to an owner without looking at everything: two indexes over an informer of dependants. */
import type { Informer } from '../client/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { controllerOf } from './owner.js'

const byController = 'controller'
const byOrphanage = 'orphans of a namespace'

/** Adds the indexes that `dependantsOf`, `siblingsOf` and `orphansIn` read; adding them again is allowed. */
export function indexDependants<T extends KubeObject>(informer: Informer<T>): void {
  informer.index(byController, (object) => {
    const uid = controllerOf(object)?.uid
    return uid === undefined ? [] : [uid]
  })
  informer.index(byOrphanage, (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? '']))
}

/** Those whose controller is `owner`. */
export function dependantsOf<T extends KubeObject>(informer: Informer<T>, owner: KubeObject): readonly T[] {
  const { uid } = owner.metadata
  return uid === undefined ? [] : informer.byIndex(byController, uid)
}

/** Those that have the controller of `object`, itself among them; it alone where it has none. Its informer has the indexes. */
export function siblingsOf<T extends KubeObject>(informer: Informer<T>, object: T): readonly T[] {
  const uid = controllerOf(object)?.uid
  return uid === undefined ? [object] : informer.byIndex(byController, uid)
}

/** Those in `namespace` that have no controller. */
export function orphansIn<T extends KubeObject>(informer: Informer<T>, namespace: string): readonly T[] {
  return informer.byIndex(byOrphanage, namespace)
}
