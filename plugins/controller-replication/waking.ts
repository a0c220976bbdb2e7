/** Which owners a changed Pod wakes. */
import { controllerOf, namespacedKey } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import type { Owner, OwnerKind } from './owners.js'

/** `owners`: all of the kind in a namespace. */
export function keysOfPod<T extends Owner>(
  kind: OwnerKind<T>,
  owners: (namespace: string) => readonly T[],
  pod: Pod,
  event: { readonly old?: Pod; readonly deleted: boolean },
): readonly string[] {
  const controllers = [controllerOf(pod), event.old && controllerOf(event.old)]
  const keys = controllers.flatMap((reference) =>
    reference?.kind === kind.kind ? [`${pod.metadata.namespace ?? ''}/${reference.name}`] : [],
  )
  if (controllerOf(pod) || event.deleted || !mayBeAdopted(pod, event.old)) return [...new Set(keys)]
  const adopters = owners(pod.metadata.namespace ?? '').filter((owner) => kind.selector(owner)?.matches(pod.metadata.labels))
  return [...new Set([...keys, ...adopters.map(namespacedKey)])]
}

/** A Pod without a controller matters when it comes, when its labels change and when it has just been let go. */
function mayBeAdopted(pod: Pod, old: Pod | undefined): boolean {
  if (!old || controllerOf(old)) return true
  const [now, before] = [pod.metadata.labels ?? {}, old.metadata.labels ?? {}]
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  return [...names].some((name) => now[name] !== before[name])
}
