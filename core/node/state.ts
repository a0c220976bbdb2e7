/** What the agent's pure parts (plan, status) work on: the Pod, what the runtime has of it, and what only the agent knows. */
import type { ContainerStatus, Pod, Container as PodContainer, PodSpec } from '../kinds/contract.js'
import { resetAfterMs } from './back-off.js'
import type { BackOff, Container, Sandbox } from './contract.js'

/** Why something could not be done, in the words of the Pod's status. */
export interface Problem {
  readonly reason: string
  readonly message: string
  readonly since: number
  readonly retryAt: number
  /** In a row. */
  readonly failures: number
}

/** What the agent knows of the present container of a name; rebuilt after a restart of the agent. */
export interface ContainerMemory {
  /** Of the last try to start it. */
  readonly problem?: Problem
  /** Restarts since the last reset of the back-off; absent after a restart of the agent. */
  readonly restarts?: number
  /** The postStart hook runs; the container does not count as running yet. */
  readonly hookRuns?: boolean
  /** The startup probe has succeeded, or there is none. */
  readonly started?: boolean
  /** The readiness probe succeeds, or there is none. */
  readonly ready?: boolean
  /** A probe or hook asks for its end. */
  readonly unhealthy?: Unhealthy
  /** Termination messages by container id. */
  readonly messages?: ReadonlyMap<string, string>
}
export interface Unhealthy {
  readonly containerId: string
  readonly message: string
  readonly graceSeconds: number
}

/** A Pod that is over, and how. */
export interface Verdict {
  readonly phase: 'Succeeded' | 'Failed'
  readonly reason?: string
  readonly message?: string
  /** How long its containers have to end. Absent: as long as the Pod says. */
  readonly graceSeconds?: number
}

export interface PodState {
  readonly pod: Pod
  /** Newest attempt first. */
  readonly sandboxes: readonly Sandbox[]
  readonly containers: readonly Container[]
  readonly memory: ReadonlyMap<string, ContainerMemory>
  readonly sandboxProblem?: Problem
  /** Refused by the node, or evicted. */
  readonly refusal?: Verdict
  readonly backOff: BackOff
  readonly now: number
}

/** 'ephemeral': put into a running Pod to look at it. It runs once, and the Pod's fate does not hang on it. */
export type Role = 'init' | 'sidecar' | 'app' | 'ephemeral'

/** All containers of a spec, of every kind. */
export function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): readonly PodContainer[] {
  return [...initContainers, ...containers, ...ephemeralContainers]
}

/** One container of the spec with all that is known of it. */
export interface ContainerView {
  readonly spec: PodContainer
  readonly role: Role
  /** The newest attempt in any sandbox. */
  readonly latest: Container | undefined
  /** `latest`, where it lies in the sandbox that is ready. */
  readonly current: Container | undefined
  /** The last exited attempt before `latest`. */
  readonly previous: Container | undefined
  /** What the Pod's status said last. */
  readonly reported: ContainerStatus | undefined
  readonly memory: ContainerMemory
}

export function readySandbox(state: PodState): Sandbox | undefined {
  const [newest] = state.sandboxes
  return newest?.state === 'ready' ? newest : undefined
}

export interface PodViews {
  /** Init containers and sidecars, in the order of the spec. */
  readonly init: readonly ContainerView[]
  readonly apps: readonly ContainerView[]
  readonly ephemeral: readonly ContainerView[]
  /** Those on which the Pod depends: without the ephemeral ones. */
  readonly all: readonly ContainerView[]
}

export function viewsOf(state: PodState): PodViews {
  const { spec, status } = state.pod
  const sandbox = readySandbox(state)
  const view = (container: PodContainer, role: Role, statuses: readonly ContainerStatus[] | undefined): ContainerView => {
    const attempts = state.containers.filter((item) => item.name === container.name).sort((a, b) => b.attempt - a.attempt)
    const [latest] = attempts
    return {
      spec: container,
      role,
      latest,
      current: latest && latest.sandboxId === sandbox?.id ? latest : undefined,
      previous: attempts.slice(1).find((item) => item.state === 'exited'),
      reported: statuses?.find((item) => item.name === container.name),
      memory: state.memory.get(container.name) ?? {},
    }
  }
  const init = (spec.initContainers ?? []).map((container) =>
    view(container, container.restartPolicy === 'Always' ? 'sidecar' : 'init', status?.initContainerStatuses),
  )
  const apps = spec.containers.map((container) => view(container, 'app', status?.containerStatuses))
  const ephemeral = (spec.ephemeralContainers ?? []).map((container) =>
    view(container, 'ephemeral', status?.ephemeralContainerStatuses),
  )
  return { init, apps, ephemeral, all: [...init, ...apps] }
}

export interface Ending {
  readonly exitCode: number
  /** 0: not known. */
  readonly finishedAt: number
  readonly ranMs: number
}

/**
 * How the newest attempt ended. One that was reported but is not there any more counts by what was reported: what
 * completed does not run again, and what ran when its record was lost has failed.
 */
export function endingOf(view: ContainerView): Ending | undefined {
  const { latest, reported } = view
  if (latest?.state === 'exited') {
    const ranMs = latest.startedAt > 0 ? latest.finishedAt - latest.startedAt : 0
    return { exitCode: latest.exitCode, finishedAt: latest.finishedAt, ranMs }
  }
  if (latest) return undefined
  const terminated = reported?.state?.terminated
  if (terminated) return { exitCode: terminated.exitCode, finishedAt: 0, ranMs: 0 }
  return isLost(view) ? { exitCode: 137, finishedAt: 0, ranMs: 0 } : undefined
}

/** It was reported as running, but the runtime does not know it any more. */
export function isLost(view: ContainerView): boolean {
  return view.latest === undefined && view.reported?.state?.running !== undefined
}

export function shouldRestart(view: ContainerView, ending: Ending, policy: string | undefined): boolean {
  if (view.role === 'sidecar') return true
  if (policy === 'Never' || view.role === 'ephemeral') return false
  if (policy === 'OnFailure' || view.role === 'init') return ending.exitCode !== 0
  return true
}

/** Running, started by its probe and with its hook done. */
export function isStarted(view: ContainerView): boolean {
  const { current, memory, spec } = view
  if (current?.state !== 'running' || memory.hookRuns) return false
  return memory.started ?? spec.startupProbe === undefined
}

export function isReady(view: ContainerView): boolean {
  return isStarted(view) && (view.memory.ready ?? view.spec.readinessProbe === undefined)
}

/** Restarts since the last reset: a run of ten minutes forgives the crashes before it. */
export function restartsOf(view: ContainerView): number {
  if ((endingOf(view)?.ranMs ?? 0) >= resetAfterMs) return 0
  return view.memory.restarts ?? view.latest?.attempt ?? 0
}

/** An ErrImagePull shows for this long; until the next try it is an ImagePullBackOff. */
const imageErrorShownMs = 1_000

/** What the status says of a problem now, and when it will say something else. */
export function shownProblem(
  view: ContainerView,
  now: number,
): { readonly reason: string; readonly message: string; readonly until: number } | undefined {
  const { problem } = view.memory
  if (!problem) return undefined
  const { reason, message, retryAt } = problem
  if (reason !== 'ErrImagePull') return { reason, message, until: retryAt }
  const until = problem.since + imageErrorShownMs
  if (until > now) return { reason, message, until: Math.min(until, retryAt) }
  return { reason: 'ImagePullBackOff', message: `Back-off pulling image "${view.spec.image}": ${message}`, until: retryAt }
}

/** Until when a container that ended has to wait, and how long that is in all. */
export function crashBackOff(
  view: ContainerView,
  state: PodState,
): { readonly until: number; readonly delayMs: number } | undefined {
  const ending = endingOf(view)
  if (!ending || view.latest === undefined) return undefined
  // It ended because its sandbox did: no fault of its own.
  if (view.current === undefined) return undefined
  const delayMs = state.backOff.delay(restartsOf(view))
  const until = ending.finishedAt + delayMs
  return delayMs > 0 && until > state.now ? { until, delayMs } : undefined
}

/** The restart count that the next start will have. */
export function nextAttempt(view: ContainerView): number {
  const { latest, reported } = view
  if (latest) return latest.state === 'created' ? latest.attempt : latest.attempt + 1
  if (!reported) return 0
  return reported.containerID === undefined ? reported.restartCount : reported.restartCount + 1
}
