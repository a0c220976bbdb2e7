/** The policies: before a cycle, for each node, for the chosen node, and until the volumes are there. */
import type { Cause, Client, Fence } from '@davit/core/client'
import type {
  CycleState,
  FilterPolicy,
  NodeInfo,
  PermitPolicy,
  PodInfo,
  PreFilterPolicy,
  Rejection,
  ReservePolicy,
  Snapshot,
} from '@davit/core/scheduler'
import { stateKey } from '@davit/core/scheduler'
import { progressOf, write } from './binding.js'
import { claimsOf, type Wanted, wantedBy } from './claims.js'
import type { Followed } from './followed.js'
import { type Decision, planNode } from './node-plan.js'
import { Ledger } from './promises.js'

interface Cycle {
  readonly wanted: Wanted
  /** Another Pod has a claim that is for one alone. */
  readonly taken: boolean
  readonly decisions: Map<string, readonly Decision[]>
}
const cycleKey = stateKey<Cycle>('volume binding')
const takenElsewhere: Rejection = {
  reason: 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
}

/** Makes the client that writes while the fence stands. */
type ClientOf = (fence: Fence | undefined) => Client

export class VolumeBinding implements PreFilterPolicy, FilterPolicy, ReservePolicy, PermitPolicy {
  readonly name = 'volume-binding'
  readonly #storage: Followed
  readonly #clientOf: ClientOf
  readonly #actor: string
  readonly #ledger = new Ledger()

  constructor(storage: Followed, clientOf: ClientOf, actor: string) {
    this.#storage = storage
    this.#clientOf = clientOf
    this.#actor = actor
  }

  preFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot) {
    const wanted = wantedBy(pod.pod, this.#storage)
    if (!wanted || 'rejection' in wanted) return wanted
    const taken = wanted.exclusive.length > 0 && isTaken(wanted.exclusive, pod, snapshot)
    state.set(cycleKey, { wanted, taken, decisions: new Map() })
    return undefined
  }

  filter(state: CycleState, _pod: PodInfo, { node, name }: NodeInfo): Rejection | undefined {
    const cycle = state.get(cycleKey)
    if (!cycle) return undefined
    if (cycle.taken) return takenElsewhere
    const plan = planNode(cycle.wanted, node, this.#ledger)
    if ('rejection' in plan) return plan.rejection
    cycle.decisions.set(name, plan.decisions)
    return undefined
  }

  reserve(state: CycleState, pod: PodInfo, node: string): undefined {
    const decisions = decisionsOf(state, node)
    if (decisions.length > 0) this.#ledger.promise(pod.key, node, decisions)
    return undefined
  }

  unreserve(_state: CycleState, pod: PodInfo): void {
    this.#ledger.release(pod.key)
  }

  concerns(state: CycleState): boolean {
    return (state.get(cycleKey)?.wanted.open.length ?? 0) > 0
  }

  async permit(
    state: CycleState,
    pod: PodInfo,
    node: string,
    signal: AbortSignal,
    fence?: Fence,
  ): Promise<Rejection | undefined> {
    const decisions = decisionsOf(state, node)
    if (decisions.length === 0) return undefined
    try {
      await write(decisions, node, this.#clientOf(fence), this.#cause(pod))
    } catch (error) {
      // Somebody was faster: the next cycle sees what is there now.
      return { reason: `binding volumes: ${error instanceof Error ? error.message : String(error)}` }
    }
    const outcome = await this.#untilBound(decisions, node, signal)
    // What is bound is known by the objects themselves from here on.
    this.#ledger.release(pod.key)
    return outcome === 'bound' ? undefined : { reason: `binding volumes: ${outcome}` }
  }

  follow(retry: (helped: (pod: PodInfo) => boolean) => void): () => void {
    return this.#storage.listen((change) => {
      retry(({ pod }) => {
        const claims = claimsOf(pod)
        if (!claims) return false
        if (!change.claim) return true
        const { namespace, name } = change.claim
        return pod.metadata.namespace === namespace && claims.some((claim) => claim.name === name)
      })
    })
  }

  #untilBound(decisions: readonly Decision[], node: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve) => {
      const end = (outcome: string): void => {
        stop()
        signal.removeEventListener('abort', abort)
        resolve(outcome)
      }
      const look = (): void => {
        const progress = progressOf(decisions, node, this.#storage)
        if (progress !== 'waiting') end(progress)
      }
      const abort = (): void => end('timed out')
      const stop = this.#storage.listen(look)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      else look()
    })
  }

  #cause({ pod }: PodInfo): Cause {
    const { namespace = '', name, resourceVersion = '' } = pod.metadata
    return { actor: this.#actor, trigger: { object: { resource: 'pods', namespace, name, resourceVersion } } }
  }
}

function decisionsOf(state: CycleState, node: string): readonly Decision[] {
  return state.get(cycleKey)?.decisions.get(node) ?? []
}

/** On whichever node: one Pod of the whole cluster may use such a claim. */
function isTaken(names: readonly string[], { pod, key }: PodInfo, { nodes }: Snapshot): boolean {
  return nodes.some(({ pods }) =>
    pods.some((other) => {
      if (other.key === key || other.pod.metadata.namespace !== pod.metadata.namespace) return false
      return claimsOf(other.pod)?.some(({ name }) => names.includes(name)) ?? false
    }),
  )
}
