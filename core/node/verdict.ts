import { type ContainerView, endingOf, type PodState, type PodViews, shouldRestart, type Verdict } from './state.js'
import { fromTime } from './time.js'

/** Whether the Pod is over: decided once, and never taken back. */
export function verdictOf(state: PodState, views: PodViews): Verdict | undefined {
  const { metadata, spec, status } = state.pod
  if (status && (status.phase === 'Succeeded' || status.phase === 'Failed')) {
    const { phase, reason, message } = status
    return { phase: phase as Verdict['phase'], ...(reason ? { reason } : {}), ...(message ? { message } : {}) }
  }
  if (state.refusal) return state.refusal
  const deadline = deadlineOf(state)
  if (deadline !== undefined && deadline <= state.now) {
    return {
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    }
  }
  if (views.init.some((view) => view.role === 'init' && failedForGood(view, spec.restartPolicy))) return { phase: 'Failed' }
  const endings = views.apps.map((view) => ({ view, ending: endingOf(view) }))
  // A Pod that is being deleted starts nothing again.
  const deleting = metadata.deletionTimestamp !== undefined
  const over = endings.every(({ view, ending }) => ending && (deleting || !shouldRestart(view, ending, spec.restartPolicy)))
  if (!over) return undefined
  return { phase: endings.every(({ ending }) => ending?.exitCode === 0) ? 'Succeeded' : 'Failed' }
}

/** When `activeDeadlineSeconds` runs out. */
export function deadlineOf({ pod }: PodState): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  const started = fromTime(pod.status?.startTime)
  return seconds === undefined || started === 0 ? undefined : started + seconds * 1000
}

function failedForGood(view: ContainerView, policy: string | undefined): boolean {
  const ending = endingOf(view)
  return ending !== undefined && ending.exitCode !== 0 && !shouldRestart(view, ending, policy)
}
