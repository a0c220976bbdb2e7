import type { Pod, Service } from '@davit/core/kinds'

/** When what is written now happened: the latest turn of a Pod's readiness, or the Service's creation. */
export function triggerTime(service: Service, pods: readonly Pod[]): string {
  let latest = service.metadata.creationTimestamp ?? ''
  for (const { status } of pods) {
    // Times are text of one form, in which later is greater.
    const turned = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? ''
    if (turned > latest) latest = turned
  }
  return latest
}
