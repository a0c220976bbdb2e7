/** Which budgets a changed Pod wakes. Pure. */
import { controllerOf, isPodReady, namespacedKey } from '@davit/core/controller'
import { equalJson, type Pod, type PodDisruptionBudget, selectorFromObject } from '@davit/core/kinds'

/** `budgets`: those of the Pod's namespace. */
export function keysOfPod(
  budgets: readonly PodDisruptionBudget[],
  pod: Pod,
  { old, deleted }: { readonly old?: Pod; readonly deleted: boolean },
): readonly string[] {
  if (budgets.length === 0 || (old && !deleted && !matters(pod, old))) return none
  const states = old ? [pod, old] : [pod]
  return budgets.filter((budget) => states.some((state) => selects(budget, state))).map(namespacedKey)
}

export function selects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  return selectorFromObject(spec?.selector).value?.matches(metadata.labels) ?? false
}

function matters(pod: Pod, old: Pod): boolean {
  return (
    isPodReady(pod) !== isPodReady(old) ||
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    controllerOf(pod)?.uid !== controllerOf(old)?.uid ||
    !equalJson(pod.metadata.labels, old.metadata.labels)
  )
}

const none: readonly never[] = []
