/** Tells the API, and so the user, why a Pod has no node. */
import type { Cause, Client, EventRecorder } from '../client/contract.js'
import { isConflict, isNotFound, pods } from '../client/contract.js'
import type { Clock, Logger } from '../kernel/contract.js'
import type { Pod } from '../kinds/contract.js'
import type { PodInfo } from './contract.js'

export interface StatusReporterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly events: EventRecorder
}

export class StatusReporter {
  readonly #options: StatusReporterOptions
  /** Conditions on their way, by uid. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(options: StatusReporterOptions) {
    this.#options = options
  }

  /** Condition and event; the condition is written only when it says something new. */
  noNode({ pod }: PodInfo, reason: 'Unschedulable' | 'SchedulerError', message: string, cause: Cause): void {
    this.#options.events.record(pod, 'Warning', 'FailedScheduling', message)
    this.#condition(pod, reason, message, cause)
  }

  gated(pod: Pod, cause: Cause): void {
    this.#condition(pod, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates', cause)
  }

  /** To be waited for before a Pod is bound: a "False" that comes late must not stand over the binding's "True". */
  written({ pod }: PodInfo): Promise<void> | undefined {
    return this.#writing.get(pod.metadata.uid ?? '')
  }

  /** Names the node that is being cleared and deletes the victims, each with its own grace, once it says why it goes. */
  makeRoom({ pod }: PodInfo, plan: { readonly node: string; readonly victims: readonly PodInfo[] }, cause: Cause): void {
    const { client, events } = this.#options
    const by = `${pod.metadata.namespace}/${pod.metadata.name}`
    if (pod.status?.nominatedNodeName !== plan.node) void this.#patchStatus(pod, { nominatedNodeName: plan.node }, cause)
    for (const victim of plan.victims) {
      const { namespace = '', name = '', uid, deletionTimestamp } = victim.pod.metadata
      if (deletionTimestamp) continue
      events.record(victim.pod, 'Normal', 'Preempted', `Preempted by ${by} on node ${plan.node}`)
      const gone = this.#disrupted(victim.pod, pod, cause).then(() =>
        client.delete(pods, namespace, name, { cause, ...(uid !== undefined && { preconditions: { uid } }) }),
      )
      gone.catch(this.#unlessGone('a victim was not deleted'))
    }
  }

  #disrupted(victim: Pod, by: Pod, cause: Cause): Promise<void> {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${by.spec.schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: this.#now(),
    }
    return this.#patchStatus(victim, { conditions: [condition] }, cause)
  }

  #now(): string {
    return `${new Date(this.#options.clock.now()).toISOString().slice(0, 19)}Z`
  }

  #condition(pod: Pod, reason: string, message: string, cause: Cause): void {
    const present = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
    if (present?.status === 'False' && present.reason === reason && present.message === message) return
    const lastTransitionTime =
      present?.status === 'False' && present.lastTransitionTime ? present.lastTransitionTime : this.#now()
    void this.#patchStatus(
      pod,
      { conditions: [{ type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime }] },
      cause,
    )
  }

  #patchStatus({ metadata }: Pod, status: object, cause: Cause): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata
    const before = this.#writing.get(uid)
    // The uid keeps it from a later Pod of the same name.
    const patch = { metadata: { uid }, status }
    const write = async () => {
      await before
      await this.#options.client.patch(pods, namespace, name, 'strategic', patch, { subresource: 'status', cause })
    }
    const written: Promise<void> = write()
      .catch(this.#unlessGone('the status of a Pod was not written'))
      .finally(() => {
        if (this.#writing.get(uid) === written) this.#writing.delete(uid)
      })
    this.#writing.set(uid, written)
    return written
  }

  #unlessGone(problem: string): (error: unknown) => void {
    return (error) => {
      if (!isNotFound(error) && !isConflict(error)) this.#options.log.warn({ error }, problem)
    }
  }
}
