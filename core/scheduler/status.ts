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

  constructor(options: StatusReporterOptions) {
    this.#options = options
  }

  /** Condition and event; the condition is written only when it says something new. */
  unschedulable({ pod }: PodInfo, message: string, cause: Cause): void {
    this.#options.events.record(pod, 'Warning', 'FailedScheduling', message)
    this.#condition(pod, 'Unschedulable', message, cause)
  }

  gated(pod: Pod, cause: Cause): void {
    this.#condition(pod, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates', cause)
  }

  /** Names the node that is being cleared and deletes the victims, each with its own grace. */
  makeRoom({ pod }: PodInfo, plan: { readonly node: string; readonly victims: readonly PodInfo[] }, cause: Cause): void {
    const { client, events } = this.#options
    const by = `${pod.metadata.namespace}/${pod.metadata.name}`
    const { namespace = '', name = '' } = pod.metadata
    const nominated = client.patch(
      pods,
      namespace,
      name,
      'merge',
      { status: { nominatedNodeName: plan.node } },
      { subresource: 'status', cause },
    )
    this.#settle(nominated, 'the nomination was not written')
    for (const victim of plan.victims) {
      const { namespace: where = '', name: who = '', uid } = victim.pod.metadata
      events.record(victim.pod, 'Normal', 'Preempted', `Preempted by ${by} on node ${plan.node}`)
      const gone = client.delete(pods, where, who, { cause, ...(uid !== undefined && { preconditions: { uid } }) })
      this.#settle(gone, 'a victim was not deleted')
    }
  }

  #condition(pod: Pod, reason: string, message: string, cause: Cause): void {
    const present = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
    if (present?.status === 'False' && present.reason === reason && present.message === message) return
    const lastTransitionTime =
      present?.status === 'False' && present.lastTransitionTime
        ? present.lastTransitionTime
        : `${new Date(this.#options.clock.now()).toISOString().slice(0, 19)}Z`
    const condition = { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime }
    const { namespace = '', name = '' } = pod.metadata
    const patch = { status: { conditions: [condition] } }
    const written = this.#options.client.patch(pods, namespace, name, 'strategic', patch, { subresource: 'status', cause })
    this.#settle(written, 'the condition was not written')
  }

  #settle(work: Promise<unknown>, problem: string): void {
    work.catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) this.#options.log.warn({ error: String(error) }, problem)
    })
  }
}
