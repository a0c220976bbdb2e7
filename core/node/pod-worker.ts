/**
 * One Pod on one node. Serial and level-triggered: whatever happens only wakes the worker, which looks at the Pod and at
 * what the runtime has of it, takes the next step of the plan, and looks again, until there is nothing to do.
 */
import { isConflict, isNotFound, pods } from '../client/contract.js'
import type { Timer } from '../kernel/contract.js'
import type { Pod, Container as PodContainer } from '../kinds/contract.js'
import type { Container, RuntimeEvent, Sandbox } from './contract.js'
import { type Amounts, type Bound, requestsOf } from './node-admission.js'
import type { NodeRuntime } from './node-context.js'
import { type Action, planPod, planRemoval, removalGraceOf } from './plan.js'
import { PodEvents } from './pod-events.js'
import { adoptedMemory, PodMemory } from './pod-memory.js'
import { PodProbes } from './pod-probes.js'
import { PodRuntime } from './pod-runtime.js'
import { PodSteps, type Step, type StepContext } from './pod-steps.js'
import { same } from './same.js'
import { sourceNames } from './sources.js'
import { containersOf, type PodState, type Verdict } from './state.js'
import { podStatus } from './status.js'
import { Termination } from './termination.js'

const longestRetryMs = 30_000
/** Who took more than was theirs has no time of their own. */
const evictionGraceSeconds = 1

export class PodWorker {
  readonly uid: string
  private readonly node: NodeRuntime
  private readonly observed: PodRuntime
  private readonly memory = new PodMemory()
  private readonly events: PodEvents
  private readonly probes: PodProbes
  private readonly steps: PodSteps
  private readonly termination: Termination
  private pod: Pod
  private amounts: Amounts | undefined
  /** The Pod is not in the API any more. */
  private gone = false
  private forced = false
  /** What the status tells of is being removed: the last one written stays. */
  private removing = false
  private refusal: Verdict | undefined
  private sourcesChanged = false
  /** A step may have read what changed before it did. */
  private changedInStep = false
  private dirty = false
  private looping = false
  private closed = false
  private failures = 0
  private timer: Timer | undefined
  /** Of the step that runs; aborted when the Pod shall end. */
  private step = new AbortController()

  constructor(node: NodeRuntime, pod: Pod) {
    this.node = node
    this.pod = pod
    this.uid = pod.metadata.uid ?? ''
    this.observed = new PodRuntime(node.runtime, this.uid)
    this.events = new PodEvents(node.events)
    const event: StepContext['event'] = (...words) => this.events.record(this.pod, ...words)
    this.probes = new PodProbes(node, this.memory, {
      changed: () => this.probed(),
      failed: (name, kind, message) => event('Warning', 'Unhealthy', `${title(kind)} probe failed: ${message}`, name),
    })
    const { observed, memory, probes } = this
    const progressed = (): Promise<void> => this.progressed()
    this.steps = new PodSteps(this.uid, { node, observed, memory, probes, event, progressed, evict: (why) => this.evict(why) })
    this.termination = new Termination(node.runtime, node.clock, (_id, error) => this.stopped(error))
    this.follow()
  }

  get current(): Pod {
    return this.pod
  }
  get containers(): readonly Container[] {
    return this.observed.containers
  }
  get sandboxes(): readonly Sandbox[] {
    return this.observed.sandboxes
  }

  get bound(): Bound {
    this.amounts ??= requestsOf(this.pod)
    return { pod: this.pod, requests: this.amounts }
  }

  /** It takes nothing of the node's room any more. */
  get over(): boolean {
    const phase = this.pod.status?.phase
    return this.refusal !== undefined || phase === 'Succeeded' || phase === 'Failed'
  }

  /** What a listing found of this Pod, when the agent starts or the daemon is back. */
  adopt(sandboxes: readonly Sandbox[], containers: readonly Container[]): void {
    this.observed.adopt(sandboxes, containers)
    // Its tokens go on being renewed, and its files follow what they are made from.
    if (sandboxes.length > 0) this.sourcesChanged = true
    for (const { name, id, state } of containers) {
      const known = this.memory.containers.has(name)
      if (state === 'running' && !known) this.memory.set(name, adoptedMemory(this.pod, name, id))
    }
    this.wake()
  }

  podChanged(pod: Pod): void {
    const old = this.pod
    if (pod.metadata.resourceVersion === old.metadata.resourceVersion) return
    this.pod = pod
    if (pod.metadata.deletionTimestamp !== undefined) this.step.abort(new Error('the Pod is being deleted'))
    if (!same(pod.metadata.labels, old.metadata.labels) || !same(pod.metadata.annotations, old.metadata.annotations)) {
      this.changedSources()
    }
    if (!same(pod.spec, old.spec)) {
      this.amounts = undefined
      this.memory.retryNow()
      this.follow()
    }
    this.wake()
  }
  /** `forced`: it was removed while this node still had it. */
  podGone(forced: boolean): void {
    this.gone = true
    this.forced ||= forced
    this.step.abort(new Error('the Pod is gone'))
    this.node.writer.forget(this.uid)
    this.wake()
  }
  /** The node does not take it. */
  refuse(verdict: Verdict): void {
    this.refusal = verdict
    this.wake()
  }
  private evict(message: string): void {
    if (this.over || this.ending) return
    this.events.record(this.pod, 'Warning', 'Evicted', message)
    this.refuse({ phase: 'Failed', reason: 'Evicted', message, graceSeconds: evictionGraceSeconds })
  }
  runtimeChanged(type: RuntimeEvent['type']): void {
    if (type === 'sandboxChanged') this.observed.sandboxesChanged()
    else this.observed.containersChanged()
    this.wake()
  }

  /** Lets go without touching what runs. */
  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.probes.stop()
    this.steps.close()
    this.step.abort(new Error('the agent stops'))
    this.node.sources.drop(this.uid)
  }

  wake(): void {
    this.dirty = true
    if (!this.looping && !this.closed) void this.loop()
  }

  private async loop(): Promise<void> {
    this.looping = true
    while (this.dirty && !this.closed) {
      this.dirty = false
      try {
        await this.next()
        this.failures = 0
      } catch (error) {
        this.retryLater(error)
      }
    }
    this.looping = false
  }

  private async next(): Promise<void> {
    await this.look()
    if (this.sourcesChanged && !this.ending) {
      this.sourcesChanged = false
      await this.steps.refreshVolumes(this.pod)
    }
    const state = this.state()
    const plan = this.ending ? planRemoval(state, removalGraceOf(state, this.forced)) : planPod(state)
    this.publish(state)
    this.arm(plan.wakeAt)
    for (const action of plan.actions) if (action.type === 'stopContainer') this.stop(action)
    const step = plan.actions.find((action): action is Step => action.type !== 'stopContainer')
    if (step) await this.take(step)
    else if (plan.over && this.ending && !this.termination.busy) await this.remove()
  }

  private async take(step: Step): Promise<void> {
    this.step = new AbortController()
    if (this.ending && (step.type === 'removeContainer' || step.type === 'removeSandbox')) this.removing = true
    this.changedInStep = false
    await this.steps.perform(step, this.pod, this.step.signal)
    if (this.changedInStep) this.memory.retryNow()
    this.dirty = true
  }

  private get ending(): boolean {
    return this.gone || this.pod.metadata.deletionTimestamp !== undefined
  }

  private state(): PodState {
    const { sandboxes, containers } = this.observed
    const { sandboxProblem } = this.memory
    return {
      pod: this.pod,
      sandboxes,
      containers,
      memory: this.memory.containers,
      backOff: this.node.backOff(),
      now: this.node.clock.now(),
      ...(sandboxProblem ? { sandboxProblem } : {}),
      ...(this.refusal ? { refusal: this.refusal } : {}),
    }
  }

  /** Reads again what changed, and the last words of those who ended. */
  private async look(): Promise<void> {
    for (const container of await this.observed.refresh()) {
      const spec = this.specOf(container.name)
      if (!spec || this.node.supports.hollow) continue
      const message = await this.steps.files.message(spec, container, this.node.runtime)
      if (message !== '') this.memory.keepMessage(container.name, container.id, message)
    }
  }

  private publish(state: PodState): void {
    this.probes.sync(state, this.ending)
    if (this.gone || this.removing) return
    const status = podStatus(state, { runtime: this.node.runtimeName, hostIps: this.node.hostIps })
    this.events.announceBackOffs(this.pod, status)
    this.node.writer.put(this.pod, status)
  }

  /** At once, also while a long step runs: readiness does not wait for a pull. */
  private probed(): void {
    if (this.closed) return
    this.publish(this.state())
    this.wake()
  }

  private async progressed(): Promise<void> {
    await this.look()
    this.publish(this.state())
  }

  private arm(at: number | undefined): void {
    this.timer?.cancel()
    this.timer = undefined
    if (at === undefined) return
    this.timer = this.node.clock.setTimer(Math.max(1, at - this.node.clock.now()), () => this.wake(), { unref: true })
  }

  private retryLater(error: unknown): void {
    if (this.closed) return
    this.failures += 1
    const { name, namespace } = this.pod.metadata
    this.node.log.warn({ pod: name, namespace, error: String(error) }, 'a step of a Pod failed; it will be tried again')
    this.node.faulted(error)
    this.arm(this.node.clock.now() + Math.min(longestRetryMs, 250 * 2 ** this.failures))
  }

  private stop({ container, message, graceSeconds }: Extract<Action, { type: 'stopContainer' }>): void {
    const spec = this.specOf(container.name)
    const target = this.probes.target(spec ?? { name: container.name }, container.id, this.observed.sandboxes[0])
    this.termination.stop({
      containerId: container.id,
      graceSeconds,
      preStop: spec?.lifecycle?.preStop,
      target,
      begin: () => this.events.record(this.pod, 'Normal', 'Killing', message, container.name),
      hookFailed: (why) =>
        this.events.record(this.pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${why}`, container.name),
    })
  }

  private stopped(error: unknown): void {
    if (this.closed) return
    this.observed.containersChanged()
    if (error === undefined) this.wake()
    else this.retryLater(error)
  }

  /** Nothing is left in the runtime: the files go, then the Pod. */
  private async remove(): Promise<void> {
    await this.steps.removeFiles(this.pod)
    if (!this.gone) await this.deletePod()
    this.close()
    this.node.forget(this.uid)
  }

  private async deletePod(): Promise<void> {
    await this.node.writer.settled(this.uid)
    const { namespace = '', name } = this.pod.metadata
    try {
      await this.node.client.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid: this.uid } })
    } catch (error) {
      // Gone, or another Pod of that name is there by now.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  private specOf(name: string): PodContainer | undefined {
    return containersOf(this.pod.spec).find((item) => item.name === name)
  }

  private follow(): void {
    this.node.sources.follow(this.uid, sourceNames(this.pod), () => {
      this.changedSources()
      this.wake()
    })
  }

  private changedSources(): void {
    this.sourcesChanged = true
    this.changedInStep = true
    this.memory.retryNow()
  }
}

function title(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
