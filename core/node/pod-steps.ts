/** Carries out the steps of one Pod's plan, one at a time, and remembers what went wrong. */
import { join } from 'node:path'
import { isNotFound, runtimeClasses } from '../client/contract.js'
import type { Pod, Container as PodContainer } from '../kinds/contract.js'
import { asksForSeccomp } from './container-config.js'
import { type StartAction, startContainer } from './container-start.js'
import { RuntimeError } from './contract.js'
import { EmptyDirLimits } from './empty-dir-limits.js'
import { runHandler } from './handlers.js'
import type { NodeRuntime } from './node-context.js'
import type { Action } from './plan.js'
import { podDirectory, removePodDirectories } from './pod-directories.js'
import type { EventType } from './pod-events.js'
import { createPodFiles, type PodFiles } from './pod-files.js'
import { type PodMemory, problemOf } from './pod-memory.js'
import type { PodProbes } from './pod-probes.js'
import type { PodRuntime } from './pod-runtime.js'
import { createPodVolumes, type PodVolumes } from './pod-volumes.js'
import { sandboxConfig } from './sandbox-config.js'

/** Longer than any hook should take; a hook is cut short when the Pod shall end. */
const hookTimeoutMs = 600_000

export type Step = Exclude<Action, { type: 'stopContainer' }>

export interface StepContext {
  readonly node: NodeRuntime
  readonly observed: PodRuntime
  readonly memory: PodMemory
  readonly probes: PodProbes
  event(type: EventType, reason: string, message: string, container?: string): void
  /** The node gives the Pod up. */
  evict(message: string): void
  /** Something changed that the status shows, while the step goes on. */
  progressed(): Promise<void>
}

export class PodSteps {
  readonly files: PodFiles
  private readonly context: StepContext
  private readonly volumes: PodVolumes
  private readonly limits: EmptyDirLimits
  private readonly uid: string
  private volumesReady = false
  private saidUnfiltered = false

  constructor(uid: string, context: StepContext) {
    const { node } = context
    const directory = podDirectory(node.directory, uid)
    this.context = context
    this.uid = uid
    this.files = createPodFiles(directory)
    const memory = async (): Promise<string> => join(await node.memory(), uid)
    this.limits = new EmptyDirLimits({
      clock: node.clock,
      directory: join(directory, 'volumes'),
      exceeded: context.evict,
      failed: (error) => node.log.warn({ pod: uid, error: String(error) }, 'the size of an emptyDir could not be measured'),
    })
    this.volumes = createPodVolumes(join(directory, 'volumes'), node.volumeDrivers, node.sources, node.place, memory)
  }

  /** Rejects only where the runtime fails in a way that concerns the whole Pod. `signal`: the Pod shall end. */
  async perform(step: Step, pod: Pod, signal: AbortSignal): Promise<void> {
    const { node, observed } = this.context
    switch (step.type) {
      case 'runSandbox':
        return this.runSandbox(pod, step.attempt)
      case 'startContainer':
        return this.start(step, pod, signal)
      case 'stopSandbox':
        await node.runtime.stopSandbox(step.id)
        return observed.sandboxesChanged()
      case 'removeSandbox':
        await node.runtime.removeSandbox(step.id)
        return observed.dropSandbox(step.id)
      case 'removeContainer':
        await node.runtime.removeContainer(step.id)
        return observed.dropContainer(step.id)
    }
  }

  /** What the volumes are made from has changed, or may have, while this agent did not run. */
  async refreshVolumes(pod: Pod): Promise<void> {
    const { node, observed } = this.context
    if (node.supports.hollow || (!this.volumesReady && observed.sandboxes.length === 0)) return
    const refusal = await this.volumes.mount(pod)
    if (refusal) this.context.event('Warning', 'FailedMount', refusal.wait)
    else this.ready(pod)
  }

  /** Lets go of the Pod, which may go on running. */
  close(): void {
    this.limits.stop()
  }

  /** Nothing of the Pod runs any more. */
  async removeFiles(pod: Pod): Promise<void> {
    if (this.context.node.supports.hollow) return
    this.limits.stop()
    await this.volumes.unmount(pod)
    await removePodDirectories(this.context.node.directory, this.uid)
  }

  private ready(pod: Pod): void {
    this.volumesReady = true
    this.limits.begin(pod)
  }

  private async runSandbox(pod: Pod, attempt: number): Promise<void> {
    const { node, observed, memory, event } = this.context
    const refusal = await this.mountVolumes(pod)
    if (refusal !== undefined) {
      memory.sandboxProblem = problemOf(new Error(refusal), 'FailedMount', memory.sandboxProblem, node.clock.now())
      return
    }
    try {
      // They let go of what the new one may want: a port of the host, the network of the Pod.
      for (const { id } of observed.sandboxes) await node.runtime.stopSandbox(id)
      if (attempt > 0) event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
      const handler = await handlerOf(pod, node)
      observed.addSandbox(await node.runtime.runSandbox(sandboxConfig(pod, attempt, node.dns, handler)))
      memory.sandboxProblem = undefined
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
      memory.sandboxProblem = problemOf(error, 'FailedCreatePodSandBox', memory.sandboxProblem, node.clock.now())
      node.faulted(error)
    }
  }

  /** What the Pod has to wait for; undefined: nothing. */
  private async mountVolumes(pod: Pod): Promise<string | undefined> {
    if (this.volumesReady || this.context.node.supports.hollow) return undefined
    const refusal = await this.volumes.mount(pod)
    if (refusal) this.context.event('Warning', 'FailedMount', refusal.wait)
    else this.ready(pod)
    return refusal?.wait
  }

  private async start(action: StartAction, pod: Pod, signal: AbortSignal): Promise<void> {
    const { node, observed, memory, event } = this.context
    const { name } = action.spec
    let createdId: string | undefined
    try {
      // A sandbox that was adopted: its volumes are not known here yet.
      const refusal = await this.mountVolumes(pod)
      if (refusal !== undefined) throw new RuntimeError('CreateContainerConfigError', refusal)
      this.warnUnfiltered(action.spec, pod)
      const { files, volumes } = this
      const created: Parameters<typeof startContainer>[1]['created'] = (container) => {
        createdId = container.id
        observed.addContainer(container)
      }
      const id = await startContainer(action, { node, pod, files, volumes, signal, event, created })
      memory.begin(name, action.restarts)
      observed.containersChanged()
      await this.postStart(action.spec, id, signal)
    } catch (error) {
      observed.containersChanged()
      if (!signal.aborted) await this.startFailed(action.spec, createdId, error)
    }
  }

  /** Once for each Pod: it runs all the same, since most who ask for the filter do it for the sake of a policy. */
  private warnUnfiltered(spec: PodContainer, pod: Pod): void {
    const { supports } = this.context.node
    if (this.saidUnfiltered || supports.hollow || supports.seccomp || !asksForSeccomp(pod, spec)) return
    this.saidUnfiltered = true
    const what = 'the seccomp profile RuntimeDefault is not applied: the runtime of this node filters no system calls'
    this.context.event('Warning', 'SeccompNotApplied', `${spec.name}: ${what}`)
  }

  private async startFailed(spec: PodContainer, createdId: string | undefined, error: unknown): Promise<void> {
    const { node, observed, memory, event } = this.context
    const problem = problemOf(error, 'RunContainerError', memory.of(spec.name).problem, node.clock.now())
    memory.set(spec.name, { problem })
    const pull = problem.reason === 'ErrImagePull'
    if (pull) event('Warning', 'Failed', `Failed to pull image "${spec.image}": ${problem.message}`, spec.name)
    event('Warning', 'Failed', `Error: ${pull ? problem.reason : problem.message}`, spec.name)
    node.faulted(error)
    if (createdId === undefined) return
    await node.runtime.removeContainer(createdId)
    observed.dropContainer(createdId)
  }

  /** The container counts as running once its hook is done; a hook that fails ends it. */
  private async postStart(spec: PodContainer, id: string, signal: AbortSignal): Promise<void> {
    const { memory, observed, probes, event } = this.context
    const handler = spec.lifecycle?.postStart
    if (!handler) return
    memory.set(spec.name, { hookRuns: true })
    await this.context.progressed()
    const target = probes.target(spec, id, observed.sandboxes[0])
    const outcome = await Promise.race([runHandler(handler, target, hookTimeoutMs), aborted(signal)])
    memory.set(spec.name, { hookRuns: false })
    if (!outcome || outcome.ok) return
    event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${outcome.message}`, spec.name)
    memory.set(spec.name, { unhealthy: { containerId: id, message: 'FailedPostStartHook', graceSeconds: 30 } })
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

/** Of the Pod's RuntimeClass; "": it has none. */
async function handlerOf({ spec: { runtimeClassName } }: Pod, { client }: NodeRuntime): Promise<string> {
  if (!runtimeClassName) return ''
  try {
    return (await client.get(runtimeClasses, '', runtimeClassName)).handler
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new RuntimeError('FailedCreatePodSandBox', `RuntimeClass "${runtimeClassName}" not found`)
  }
}
