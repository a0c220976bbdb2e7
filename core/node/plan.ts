/** The next steps of a Pod, from its spec and what there is. Pure: the pod worker carries them out and asks again. */
import type { EphemeralContainer, Container as PodContainer } from '../kinds/contract.js'
import type { Container, Sandbox } from './contract.js'
import {
  type ContainerView,
  crashBackOff,
  endingOf,
  isStarted,
  nextAttempt,
  type PodState,
  type PodViews,
  readySandbox,
  restartsOf,
  shouldRestart,
  shownProblem,
  type Unhealthy,
  viewsOf,
} from './state.js'
import { deadlineOf, verdictOf } from './verdict.js'

/** `stopContainer` may run beside anything; the others are carried out one by one, with a new plan after each. */
export type Action =
  | { readonly type: 'runSandbox'; readonly attempt: number }
  | { readonly type: 'stopSandbox'; readonly id: string }
  | { readonly type: 'removeSandbox'; readonly id: string }
  | {
      readonly type: 'startContainer'
      readonly spec: PodContainer
      readonly attempt: number
      readonly sandbox: Sandbox
      /** Since the last reset of the back-off, this one included. */
      readonly restarts: number
      /** The container whose processes it shall see. */
      readonly sharesProcessesOf?: string
    }
  | {
      readonly type: 'stopContainer'
      readonly container: Container
      readonly message: string
      readonly graceSeconds: number
    }
  | { readonly type: 'removeContainer'; readonly id: string }

export interface Plan {
  readonly actions: readonly Action[]
  /** When to plan again even if nothing happens. */
  readonly wakeAt?: number
  /** Nothing of the Pod runs, and nothing will. */
  readonly over: boolean
}

/** For a Pod that is wanted. */
export function planPod(state: PodState): Plan {
  const views = viewsOf(state)
  if (verdictOf(state, views)) return planEnd(state, views, state.refusal?.graceSeconds ?? graceOf(state))
  const steps = new Steps()
  steps.wake(deadlineOf(state))
  const sandbox = readySandbox(state)
  // What a sandbox held together ends with it, before anything of the Pod runs in another: never is it there twice.
  const strays = state.containers.filter((container) => isAlive(container) && container.sandboxId !== sandbox?.id)
  if (strays.length > 0) steps.stopInOrder(strays, views, graceOf(state))
  else if (sandbox) planContainers(state, views, sandbox, steps)
  else if (state.sandboxProblem && state.sandboxProblem.retryAt > state.now) steps.wake(state.sandboxProblem.retryAt)
  else steps.add({ type: 'runSandbox', attempt: (state.sandboxes[0]?.attempt ?? -1) + 1 })
  if (steps.actions.length === 0) planGarbage(state, steps)
  return steps.plan(false)
}

/** For a Pod that is being deleted or is gone: everything ends, then everything of it is removed. */
export function planRemoval(state: PodState, graceSeconds: number): Plan {
  const end = planEnd(state, viewsOf(state), graceSeconds)
  if (!end.over) return end
  const actions: Action[] = [
    ...state.containers.map((container) => ({ type: 'removeContainer', id: container.id }) as const),
    ...state.sandboxes.map((sandbox) => ({ type: 'removeSandbox', id: sandbox.id }) as const),
  ]
  return { actions, over: actions.length === 0 }
}

function planContainers(state: PodState, views: PodViews, sandbox: Sandbox, steps: Steps): void {
  planEphemeral(state, views, sandbox, steps)
  const appsBegun = views.apps.some((view) => view.current !== undefined)
  // The runtime has lost sight of them: they may run.
  for (const view of [...views.init, ...views.apps]) {
    if (view.current?.state === 'unknown')
      steps.stop(view.current, `Container ${view.spec.name} is in an unknown state, will be restarted`, graceOf(state))
  }
  if (steps.actions.some(({ type }) => type === 'stopContainer')) return
  for (const view of views.init) {
    if (view.role === 'init' && (appsBegun || completed(view))) continue
    if (view.current?.state === 'running') {
      steps.stopIfUnwell(view)
      if (view.role === 'init' || (!isStarted(view) && !appsBegun)) return
      continue
    }
    startOrWait(state, view, sandbox, steps)
    if (!appsBegun) return
  }
  for (const view of views.apps) {
    if (view.current?.state === 'running') {
      steps.stopIfUnwell(view)
      continue
    }
    const ending = endingOf(view)
    if (ending && !shouldRestart(view, ending, state.pod.spec.restartPolicy)) continue
    startOrWait(state, view, sandbox, steps)
  }
}

/** Each runs once, whatever the others do; not before the container at whose processes it shall look. */
function planEphemeral(state: PodState, views: PodViews, sandbox: Sandbox, steps: Steps): void {
  for (const view of views.ephemeral) {
    if (view.latest?.state === 'running' || endingOf(view)) continue
    const target = (view.spec as EphemeralContainer).targetContainerName
    const seen = views.all.find(({ spec }) => spec.name === target)?.current
    if (target === undefined) startOrWait(state, view, sandbox, steps)
    else if (seen?.state === 'running') startOrWait(state, view, sandbox, steps, seen.id)
  }
}

/** Of this sandbox: a new sandbox wants its init containers to run again. */
function completed(view: ContainerView): boolean {
  return view.current?.state === 'exited' && view.current.exitCode === 0
}

function startOrWait(state: PodState, view: ContainerView, sandbox: Sandbox, steps: Steps, sharesProcessesOf?: string): void {
  const waits = (view.memory.problem?.retryAt ?? 0) > state.now
  const waitUntil = waits ? shownProblem(view, state.now)?.until : crashBackOff(view, state)?.until
  if (waitUntil !== undefined) {
    steps.wake(waitUntil)
    return
  }
  // Created, but never started: Davit or the runtime stopped between the two.
  if (view.latest?.state === 'created') steps.add({ type: 'removeContainer', id: view.latest.id })
  const restarts = view.latest?.state === 'exited' ? restartsOf(view) + 1 : (view.memory.restarts ?? 0)
  steps.add({
    type: 'startContainer',
    spec: view.spec,
    attempt: nextAttempt(view),
    sandbox,
    restarts,
    ...(sharesProcessesOf === undefined ? {} : { sharesProcessesOf }),
  })
}

/** First the containers, then the sandbox. */
function planEnd(state: PodState, views: PodViews, graceSeconds: number): Plan {
  const steps = new Steps()
  const running = state.containers.filter(isAlive)
  steps.stopInOrder(running, views, graceSeconds)
  if (running.length === 0) {
    for (const sandbox of state.sandboxes) if (sandbox.state === 'ready') steps.add({ type: 'stopSandbox', id: sandbox.id })
  }
  return steps.plan(steps.actions.length === 0)
}

/** Of each name the newest container stays, and the last that ended before it; of old sandboxes only those with such. */
function planGarbage(state: PodState, steps: Steps): void {
  const names = new Set(state.containers.map((container) => container.name))
  for (const name of names) {
    const attempts = state.containers.filter((item) => item.name === name).sort((a, b) => b.attempt - a.attempt)
    for (const old of attempts.slice(2)) if (old.state !== 'running') steps.add({ type: 'removeContainer', id: old.id })
  }
  for (const sandbox of state.sandboxes.slice(1)) {
    if (state.containers.some((container) => container.sandboxId === sandbox.id)) continue
    if (sandbox.state === 'ready') steps.add({ type: 'stopSandbox', id: sandbox.id })
    steps.add({ type: 'removeSandbox', id: sandbox.id })
  }
}

export function graceOf(state: Pick<PodState, 'pod'>): number {
  const { metadata, spec } = state.pod
  return metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30
}

/** Who removes a Pod without waiting for its node wants it gone: what still runs gets this much of its own time. */
const forcedGraceSeconds = 2

export function removalGraceOf(state: Pick<PodState, 'pod'>, forced: boolean): number {
  return forced ? Math.min(forcedGraceSeconds, graceOf(state)) : graceOf(state)
}

/** As far as anybody knows: what the runtime cannot tell of may run. */
function isAlive({ state }: Container): boolean {
  return state === 'running' || state === 'unknown'
}

class Steps {
  readonly actions: Action[] = []
  private wakeAt: number | undefined

  add(action: Action): void {
    this.actions.push(action)
  }
  stop(container: Container, message: string, graceSeconds: number): void {
    this.add({ type: 'stopContainer', container, message, graceSeconds })
  }
  /** Apps together, then the sidecars, last started first. */
  stopInOrder(running: readonly Container[], views: PodViews, graceSeconds: number): void {
    const stop = (container: Container): void => this.stop(container, `Stopping container ${container.name}`, graceSeconds)
    const sidecars = views.init.filter((view) => view.role === 'sidecar').map((view) => view.spec.name)
    const others = running.filter((container) => !sidecars.includes(container.name))
    for (const container of others) stop(container)
    if (others.length > 0) return
    const last = sidecars.reverse().flatMap((name) => running.filter((container) => container.name === name))[0]
    if (last) stop(last)
  }
  /** A probe failed for good, or the spec has another image than the container was made from. */
  stopIfUnwell(view: ContainerView): void {
    const { current, memory, spec } = view
    if (!current) return
    const unhealthy: Unhealthy | undefined = memory.unhealthy?.containerId === current.id ? memory.unhealthy : undefined
    const image = current.annotations[imageAnnotation]
    if (unhealthy) this.stop(current, unhealthy.message, unhealthy.graceSeconds)
    else if (image !== undefined && image !== spec.image) {
      this.stop(current, `Container ${spec.name} definition changed, will be restarted`, 30)
    }
  }
  wake(at: number | undefined): void {
    if (at !== undefined && (this.wakeAt === undefined || at < this.wakeAt)) this.wakeAt = at
  }
  plan(over: boolean): Plan {
    return { actions: this.actions, over, ...(this.wakeAt === undefined ? {} : { wakeAt: this.wakeAt }) }
  }
}

/** The image as the spec named it: the runtime may give back another name for the same. */
export const imageAnnotation = 'davit.dev/image'
