/** From a chosen node to a bound Pod: reserve, permit, bind; everything undone when one of them fails. */
import type { Cause, Client } from '../client/contract.js'
import { isConflict, isNotFound, pods } from '../client/contract.js'
import type { Bag, Clock } from '../kernel/contract.js'
import type { BindPolicy, CycleState, PermitPolicy, PodInfo, Rejection, ReservePolicy } from './contract.js'

export interface BinderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly reserves: Bag<ReservePolicy>
  readonly permits: Bag<PermitPolicy>
  readonly binds: Bag<BindPolicy>
  readonly permitDeadlineMs: number
  readonly signal: AbortSignal
}
/** `gone`: the Pod has been deleted or bound by somebody else; there is nothing to try again. */
export type BindOutcome = 'bound' | 'gone' | { readonly rejection: Rejection }

export class Binder {
  readonly #options: BinderOptions

  constructor(options: BinderOptions) {
    this.#options = options
  }

  /** In the turn of the cycle, so that the next cycle sees it. What it reserved is undone by the returned function. */
  reserve(state: CycleState, pod: PodInfo, node: string): { readonly undo: () => void; readonly rejection?: Rejection } {
    const done: ReservePolicy[] = []
    const undo = () => {
      for (const policy of done.splice(0).reverse()) policy.unreserve(state, pod, node)
    }
    for (const policy of this.#options.reserves.all()) {
      const rejection = policy.reserve(state, pod, node)
      if (rejection) {
        undo()
        return { undo, rejection }
      }
      done.push(policy)
    }
    return { undo }
  }

  async bind(state: CycleState, pod: PodInfo, node: string, cause: Cause): Promise<BindOutcome> {
    const refused = await this.#permit(state, pod, node)
    if (refused) return { rejection: refused }
    for (const policy of this.#options.binds.all()) {
      const verdict = await policy.bind(pod, node)
      if (verdict === 'bound') return 'bound'
      if (verdict !== 'skip') return { rejection: verdict }
    }
    return this.#post(pod, node, cause)
  }

  async #permit(state: CycleState, pod: PodInfo, node: string): Promise<Rejection | undefined> {
    const permits = this.#options.permits.all()
    if (permits.length === 0) return undefined
    const { clock, signal, permitDeadlineMs } = this.#options
    const deadline = new AbortController()
    const timer = clock.setTimer(permitDeadlineMs, () => deadline.abort(new Error('the permit deadline passed')), { unref: true })
    try {
      const either = AbortSignal.any([signal, deadline.signal])
      for (const policy of permits) {
        const rejection = await policy.permit(state, pod, node, either)
        if (rejection) return rejection
        if (deadline.signal.aborted) return { reason: `${policy.name} did not permit it in ${permitDeadlineMs} ms` }
      }
      return undefined
    } finally {
      timer.cancel()
    }
  }

  async #post({ pod }: PodInfo, node: string, cause: Cause): Promise<BindOutcome> {
    const { namespace = '', name = '', uid } = pod.metadata
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, ...(uid !== undefined && { uid }) },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    }
    try {
      await this.#options.client.createSubresource(pods, namespace, name, 'binding', body, { cause })
      return 'bound'
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return 'gone'
      throw error
    }
  }
}
