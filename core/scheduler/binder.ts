/** From a chosen node to a bound Pod: reserve, permit, bind; everything undone when one of them fails. */
import type { Cause, Client, Fence } from '../client/contract.js'
import { isConflict, isNotFound, pods } from '../client/contract.js'
import type { Bag, Clock, Logger } from '../kernel/contract.js'
import type { BindPolicy, CycleState, PermitPolicy, PodInfo, Rejection, ReservePolicy } from './contract.js'
import { policyFailed } from './cycle.js'

export interface BinderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly reserves: Bag<ReservePolicy>
  readonly permits: Bag<PermitPolicy>
  readonly binds: Bag<BindPolicy>
  readonly permitDeadlineMs: number
  /** Of the term, for what policies write. */
  readonly fence?: Fence | undefined
}
/** `lost`: the Pod is gone, bound by somebody else, or was changed too often meanwhile: its next event says which. */
export type BindOutcome = 'bound' | 'lost' | { readonly rejection: Rejection }

export class Binder {
  readonly #options: BinderOptions
  readonly #stop = new AbortController()

  constructor(options: BinderOptions) {
    this.#options = options
  }

  /** Ends the waiting of permit policies. */
  stop(): void {
    this.#stop.abort(new Error('the scheduler stops'))
  }

  /** In the turn of the cycle, so that the next cycle sees it. What it reserved is undone by the returned function. */
  reserve(state: CycleState, pod: PodInfo, node: string): { readonly undo: () => void; readonly rejection?: Rejection } {
    const done: ReservePolicy[] = []
    const undo = () => this.#unreserve(done, state, pod, node)
    for (const policy of this.#options.reserves.all()) {
      done.push(policy)
      const rejection = this.#reserveOne(policy, state, pod, node, undo)
      if (!rejection) continue
      done.pop()
      undo()
      return { undo, rejection }
    }
    return { undo }
  }

  #reserveOne(policy: ReservePolicy, state: CycleState, pod: PodInfo, node: string, undo: () => void): Rejection | undefined {
    try {
      return policy.reserve(state, pod, node)
    } catch (error) {
      // It may have got half-way: its own undo runs too.
      undo()
      throw policyFailed(policy.name, error)
    }
  }

  #unreserve(done: ReservePolicy[], state: CycleState, pod: PodInfo, node: string): void {
    for (const policy of done.splice(0).reverse()) {
      try {
        policy.unreserve(state, pod, node)
      } catch (error) {
        this.#options.log.error({ pod: pod.key, error: policyFailed(policy.name, error) }, 'a reservation was not undone')
      }
    }
  }

  /** Undefined where nobody has anything against it; at once where nobody is asked. */
  permit(state: CycleState, pod: PodInfo, node: string): Promise<Rejection | undefined> | undefined {
    const permits = this.#options.permits.all()
    if (permits.length === 0) return undefined
    const asked = permits.filter((policy) => isConcerned(policy, state, pod))
    return asked.length === 0 ? undefined : this.#askAll(asked, state, pod, node)
  }

  async #askAll(permits: readonly PermitPolicy[], state: CycleState, pod: PodInfo, node: string): Promise<Rejection | undefined> {
    const { clock, permitDeadlineMs, fence } = this.#options
    const over = new AbortController()
    const abort = () => over.abort(this.#stop.signal.reason)
    if (this.#stop.signal.aborted) abort()
    this.#stop.signal.addEventListener('abort', abort, { once: true })
    const late = () => over.abort(new Error('the permit deadline passed'))
    const timer = clock.setTimer(permitDeadlineMs, late, { unref: true })
    try {
      for (const policy of permits) {
        const verdict = await ask(policy, over.signal, () => policy.permit(state, pod, node, over.signal, fence))
        if (verdict === 'over') return { reason: this.#whyOver(policy) }
        if (verdict) return verdict
      }
      return undefined
    } finally {
      timer.cancel()
      this.#stop.signal.removeEventListener('abort', abort)
    }
  }

  #whyOver({ name }: PermitPolicy): string {
    if (this.#stop.signal.aborted) return 'the scheduler stops'
    return `${name} did not permit it in ${this.#options.permitDeadlineMs} ms`
  }

  async bind(pod: PodInfo, node: string, cause: Cause): Promise<BindOutcome> {
    for (const policy of this.#options.binds.all()) {
      const verdict = await this.#bindBy(policy, pod, node)
      if (verdict === 'bound') return 'bound'
      if (verdict !== 'skip') return { rejection: verdict }
    }
    return this.#post(pod, node, cause)
  }

  async #bindBy(policy: BindPolicy, pod: PodInfo, node: string): ReturnType<BindPolicy['bind']> {
    try {
      return await policy.bind(pod, node, this.#options.fence)
    } catch (error) {
      throw policyFailed(policy.name, error)
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
      if (isNotFound(error) || isConflict(error)) return 'lost'
      throw error
    }
  }
}

function isConcerned(policy: PermitPolicy, state: CycleState, pod: PodInfo): boolean {
  try {
    return policy.concerns?.(state, pod) ?? true
  } catch (error) {
    throw policyFailed(policy.name, error)
  }
}

/** `over`: the signal came first, whatever the policy makes of it. */
async function ask(
  policy: PermitPolicy,
  signal: AbortSignal,
  permit: () => Promise<Rejection | undefined>,
): Promise<Rejection | 'over' | undefined> {
  if (signal.aborted) return 'over'
  let stopWaiting: () => void = () => undefined
  const over = new Promise<'over'>((resolve) => {
    stopWaiting = () => resolve('over')
    signal.addEventListener('abort', stopWaiting, { once: true })
  })
  try {
    return await Promise.race([permit(), over])
  } catch (error) {
    if (signal.aborted) return 'over'
    throw policyFailed(policy.name, error)
  } finally {
    signal.removeEventListener('abort', stopWaiting)
  }
}
