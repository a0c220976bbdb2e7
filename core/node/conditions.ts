import type { Pod, PodCondition } from '../kinds/contract.js'
import { isReady, type PodState, type PodViews, readySandbox, type Verdict } from './state.js'
import { toTime } from './time.js'

type Check = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

/** The agent's own conditions, then those of others as they stand. */
export function podConditions(state: PodState, views: PodViews, verdict: Verdict | undefined): PodCondition[] {
  const containers = containersReady(views, verdict)
  const own: Check[] = [
    yesNo('PodReadyToStartContainers', readySandbox(state) !== undefined),
    initialized(views, verdict),
    podReady(state.pod, containers),
    containers,
    { type: 'PodScheduled', status: 'True' },
    ...disrupted(verdict),
  ]
  const old = state.pod.status?.conditions ?? []
  const foreign = old.filter((condition) => !own.some((mine) => mine.type === condition.type))
  return [...own.map((check) => stamped(check, old, state.now)), ...foreign]
}

/** Told apart from failures of its own: nobody counts it against a Job. */
function disrupted(verdict: Verdict | undefined): Check[] {
  if (verdict?.reason !== 'Evicted') return []
  const { message } = verdict
  return [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', ...(message !== undefined && { message }) }]
}

function stamped(check: Check, old: readonly PodCondition[], now: number): PodCondition {
  const before = old.find((condition) => condition.type === check.type)
  const since = before?.status === check.status ? before.lastTransitionTime : undefined
  return { ...check, lastTransitionTime: since ?? toTime(now) }
}

function initialized(views: PodViews, verdict: Verdict | undefined): Check {
  if (verdict?.phase === 'Succeeded') return yesNo('Initialized', true, 'PodCompleted')
  const names = incompleteInit(views)
  if (names.length === 0) return yesNo('Initialized', true)
  return yesNo('Initialized', false, 'ContainersNotInitialized', `containers with incomplete status: [${names.join(' ')}]`)
}

/** The init containers that are still to complete, and the sidecars that are still to start. */
export function incompleteInit(views: PodViews): string[] {
  if (views.apps.some((view) => view.latest !== undefined || view.reported?.containerID !== undefined)) return []
  const complete = (view: PodViews['init'][number]): boolean => {
    if (view.role === 'sidecar') return view.current?.state === 'running' && (view.memory.started ?? !view.spec.startupProbe)
    return view.latest?.state === 'exited' && view.latest.exitCode === 0
  }
  return views.init.filter((view) => !complete(view)).map((view) => view.spec.name)
}

function containersReady(views: PodViews, verdict: Verdict | undefined): Check {
  if (verdict?.phase === 'Succeeded') return yesNo('ContainersReady', false, 'PodCompleted')
  if (verdict?.phase === 'Failed') return yesNo('ContainersReady', false, 'PodFailed')
  const counted = views.all.filter((view) => view.role !== 'init')
  const unready = counted.filter((view) => !isReady(view)).map((view) => view.spec.name)
  if (unready.length === 0) return yesNo('ContainersReady', true)
  return yesNo('ContainersReady', false, 'ContainersNotReady', `containers with unready status: [${unready.join(' ')}]`)
}

function podReady(pod: Pod, containers: Check): Check {
  if (containers.status !== 'True') return { ...containers, type: 'Ready' }
  const missing = (pod.spec.readinessGates ?? []).flatMap((gate) => {
    const condition = pod.status?.conditions?.find((item) => item.type === gate.conditionType)
    if (condition?.status === 'True') return []
    return [
      condition
        ? `the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`
        : `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
    ]
  })
  if (missing.length === 0) return yesNo('Ready', true)
  return yesNo('Ready', false, 'ReadinessGatesNotReady', missing.join(', '))
}

function yesNo(type: string, yes: boolean, reason?: string, message?: string): Check {
  return { type, status: yes ? 'True' : 'False', ...(reason ? { reason } : {}), ...(message ? { message } : {}) }
}
