/** The events of one Pod. */
import type { EventRecorder } from '../client/contract.js'
import type { ContainerStatus, Pod, PodStatus } from '../kinds/contract.js'

export type EventType = 'Normal' | 'Warning'

export class PodEvents {
  private readonly recorder: EventRecorder
  /** By container: the wait that was announced last. */
  private readonly announced = new Map<string, string>()

  constructor(recorder: EventRecorder) {
    this.recorder = recorder
  }

  record(pod: Pod, type: EventType, reason: string, message: string, container?: string): void {
    this.recorder.record(pod, type, reason, message, container === undefined ? undefined : pathOf(pod, container))
  }

  /** One event for each time that a container begins to wait for its next try. */
  announceBackOffs(pod: Pod, status: PodStatus): void {
    const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status
    for (const container of [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]) {
      const reason = container.state?.waiting?.reason
      const waits = reason === 'CrashLoopBackOff' || reason === 'ImagePullBackOff'
      const wait = waits ? `${reason} ${container.containerID ?? ''}` : ''
      if (this.announced.get(container.name) === wait) continue
      this.announced.set(container.name, wait)
      if (waits) this.backOff(pod, container, reason)
    }
  }

  private backOff(pod: Pod, { name, image }: ContainerStatus, reason: string): void {
    const { name: podName, namespace, uid } = pod.metadata
    if (reason === 'ImagePullBackOff') this.record(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, name)
    else
      this.record(
        pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`,
        name,
      )
  }
}

function pathOf({ spec }: Pod, container: string): string {
  const lists = ['initContainers', 'ephemeralContainers'] as const
  const list = lists.find((name) => spec[name]?.some((item) => item.name === container)) ?? 'containers'
  return `spec.${list}{${container}}`
}
