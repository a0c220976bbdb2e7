import type { ContainerState, ContainerStateTerminated, ContainerStatus } from '../kinds/contract.js'
import type { Container } from './contract.js'
import {
  type ContainerView,
  crashBackOff,
  endingOf,
  isLost,
  isReady,
  isStarted,
  type PodState,
  shouldRestart,
  shownProblem,
  type Verdict,
} from './state.js'
import { toTime } from './time.js'

export interface StatusContext {
  /** "docker": stands before container ids. */
  readonly runtime: string
  /** An init container has not completed yet. */
  readonly initializing: boolean
  readonly verdict: Verdict | undefined
}

export function containerStatus(view: ContainerView, state: PodState, context: StatusContext): ContainerStatus {
  const { latest, reported, spec } = view
  const current = stateOf(view, state, context)
  const last = lastStateOf(view, current, context)
  const containerId = latest ? idOf(latest, context) : reported?.containerID
  return {
    name: spec.name,
    state: current,
    lastState: last ?? {},
    ready: readinessOf(view, current),
    restartCount: latest ? Math.max(latest.attempt, reported?.restartCount ?? 0) : (reported?.restartCount ?? 0),
    image: spec.image ?? '',
    imageID: latest?.imageId ?? reported?.imageID ?? '',
    ...(containerId === undefined ? {} : { containerID: containerId }),
    ...(view.role === 'ephemeral' ? {} : { started: view.role === 'init' ? current.running !== undefined : isStarted(view) }),
  }
}

function readinessOf(view: ContainerView, { running, terminated }: ContainerState): boolean {
  if (view.role === 'init') return terminated?.exitCode === 0
  return view.role !== 'ephemeral' && running !== undefined && isReady(view)
}

function stateOf(view: ContainerView, state: PodState, context: StatusContext): ContainerState {
  const { latest, memory, reported } = view
  if (latest?.state === 'running') {
    if (memory.hookRuns) return { waiting: { reason: 'ContainerCreating' } }
    return { running: { startedAt: toTime(latest.startedAt) } }
  }
  const ending = endingOf(view)
  const restarts =
    ending !== undefined && context.verdict === undefined && shouldRestart(view, ending, state.pod.spec.restartPolicy)
  const problem = shownProblem(view, state.now)
  if (problem && (ending === undefined || restarts)) return { waiting: { reason: problem.reason, message: problem.message } }
  if (ending) {
    const backOff = restarts ? crashBackOff(view, state) : undefined
    if (backOff) return { waiting: { reason: 'CrashLoopBackOff', message: backOffMessage(view, state, backOff.delayMs) } }
    if (latest) return { terminated: terminatedOf(latest, view, context) }
    if (isLost(view) && restarts) return { waiting: { reason: 'ContainerCreating' } }
    return { terminated: reported?.state?.terminated ?? unknownEnd(reported) }
  }
  const waitsForInit = context.initializing && (view.role === 'app' || (view.role !== 'ephemeral' && latest === undefined))
  return { waiting: { reason: waitsForInit && hasInit(state) ? 'PodInitializing' : 'ContainerCreating' } }
}

function hasInit(state: PodState): boolean {
  return (state.pod.spec.initContainers ?? []).length > 0
}

/** The attempt before the one that `state` shows; from what was reported where the runtime has no record of it. */
function lastStateOf(view: ContainerView, current: ContainerState, context: StatusContext): ContainerState | undefined {
  const { latest, previous, reported } = view
  // A waiting container shows the end of its newest attempt as its last state.
  if (latest?.state === 'exited' && current.waiting) return { terminated: terminatedOf(latest, view, context) }
  if (previous) return { terminated: terminatedOf(previous, view, context) }
  if (isLost(view) && current.waiting) return { terminated: unknownEnd(reported) }
  const wasOther = latest && reported?.containerID !== undefined && reported.containerID !== idOf(latest, context)
  if (wasOther && reported.state?.terminated) return { terminated: reported.state.terminated }
  if (wasOther && reported.state?.running) return { terminated: unknownEnd(reported) }
  return reported?.lastState?.terminated ? reported.lastState : undefined
}

function terminatedOf(container: Container, view: ContainerView, context: StatusContext): ContainerStateTerminated {
  const message = view.memory.messages?.get(container.id) ?? container.message
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message === '' ? {} : { message }),
    startedAt: toTime(container.startedAt || container.createdAt),
    finishedAt: toTime(container.finishedAt),
    containerID: idOf(container, context),
  }
}

function unknownEnd(reported: ContainerStatus | undefined): ContainerStateTerminated {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was looked at again.',
    ...(reported?.containerID === undefined ? {} : { containerID: reported.containerID }),
  }
}

export function backOffMessage(view: ContainerView, state: PodState, delayMs: number): string {
  const { name, namespace = '', uid = '' } = state.pod.metadata
  return `back-off ${duration(delayMs)} restarting failed container=${view.spec.name} pod=${name}_${namespace}(${uid})`
}

/** "1m20s", as Go prints a duration. */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

function idOf(container: Container, context: StatusContext): string {
  return `${context.runtime}://${container.id}`
}
