/** Which owners a changed Pod wakes. */
import { type Change, keysOfDependant } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import type { Owner, OwnerKind } from './owners.js'

/** `owners`: all of the kind in a namespace. */
export function keysOfPod<T extends Owner>(
  kind: OwnerKind<T>,
  owners: (namespace: string) => readonly T[],
  pod: Pod,
  change: Change<Pod>,
): readonly string[] {
  return keysOfDependant(kind.kind, pod, change, () =>
    owners(pod.metadata.namespace ?? '').filter((owner) => kind.selector(owner)?.matches(pod.metadata.labels)),
  )
}
