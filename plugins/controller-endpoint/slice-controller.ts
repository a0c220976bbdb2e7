import { endpointSlices, type Informer, nodes, pods, services } from '@davit/core/client'
import {
  type Change,
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { EndpointSlice, Node, Service } from '@davit/core/kinds'
import { HintNotices } from './hint-notices.js'
import { withHints } from './hinted-slices.js'
import { sliceManager } from './names.js'
import { type OwnWrites, rememberedMs } from './own-writes.js'
import { isFinished } from './pod-endpoint.js'
import { Selection } from './selection.js'
import { serviceSlices } from './service-slices.js'
import { planSlices } from './slice-plan.js'
import { ownSlices, sliceOwners, writeSlices } from './slice-writer.js'
import { hintModeOf } from './zone-hints.js'
import { weighsTheSame, type ZoneShares, zoneOf, zoneShares } from './zone-shares.js'

const byHintMode = 'endpoint/hints'
const none: readonly never[] = []

interface Started {
  readonly services: Informer<Service>
  readonly nodes: Informer<Node>
  readonly selection: Selection
  readonly own: OwnWrites<EndpointSlice>
  readonly undo: () => void
}

/** Keeps the EndpointSlices of every Service that selects Pods. Keys are Services. */
export class SliceController implements Controller {
  readonly name = 'endpointslice'
  readonly watches = [
    watchOf(services, (service) => [namespacedKey(service)]),
    watchOf(pods, (pod, { old, deleted }) => {
      // One that was finished all along stood in no slice.
      if (isFinished(pod) && (!old || isFinished(old))) return []
      return this.#started?.selection.keysOf(pod, deleted ? undefined : old) ?? []
    }),
    watchOf(nodes, (node, change) => this.#nodeWakes(node, change)),
    watchOf(endpointSlices, (slice) => (this.#started?.own.knows(slice) ? [] : sliceOwners(slice, sliceManager))),
  ]
  readonly #limit: number
  #notices = new HintNotices()
  /** Undefined: to be counted when somebody asks. */
  #shares: { readonly shares: ZoneShares | undefined } | undefined
  #started: Started | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  start(host: ControllerHost): void {
    const [serviceInformer, nodeInformer] = [host.informer(services), host.informer(nodes)]
    const own = ownSlices(host, sliceManager)
    serviceInformer.index(byHintMode, (service) => [hintModeOf(service) ?? ''])
    this.#started = {
      services: serviceInformer,
      nodes: nodeInformer,
      selection: new Selection(serviceInformer, host.informer(pods)),
      own,
      undo: own.follow(),
    }
  }

  stop(): void {
    this.#started?.undo()
    this.#started = undefined
    this.#shares = undefined
    this.#notices = new HintNotices()
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    const { own } = this.#started
    await writeSlices(this.#plan(key, this.#started, context), own, context)
    return own.isAhead(key) ? { requeueAfterMs: rememberedMs } : undefined
  }

  #plan(key: string, { services, nodes, selection, own }: Started, context: ReconcileContext) {
    const { namespace, name } = splitKey(key)
    const service = services.get(namespace, name)
    const existing = own.of(key)
    const going = !service || service.metadata.deletionTimestamp !== undefined
    if (!service) this.#notices.forget(key)
    if (going || service.spec.type === 'ExternalName') return { create: [], update: [], remove: existing }
    // Whoever takes the selector away looks after the addresses from then on.
    if (Object.keys(service.spec.selector ?? {}).length === 0) return { create: [], update: [], remove: [] }
    const zoneOfNode = (name: string) => {
      const node = nodes.get('', name)
      return node && zoneOf(node)
    }
    const wish = serviceSlices(service, selection.podsOf(service), zoneOfNode, this.#limit)
    const mode = hintModeOf(service)
    const hinted = mode && withHints(wish, mode, existing, () => this.#sharesOf(nodes))
    this.#notices.tell(key, service, mode === 'auto' ? hinted?.refusals : undefined, context)
    return planSlices(hinted?.wish ?? wish, existing)
  }

  #sharesOf(nodes: Informer<Node>): ZoneShares | undefined {
    this.#shares ??= { shares: zoneShares(nodes.list()) }
    return this.#shares.shares
  }

  /** Another zone concerns all endpoints on the node; how much the zones can do those Services alone that are dealt out by it. */
  #nodeWakes(node: Node, { old }: Change<Node>): readonly string[] {
    if (!this.#started || (old && weighsTheSame(node, old))) return none
    this.#shares = undefined
    const { services } = this.#started
    const woken = old && zoneOf(old) !== zoneOf(node) ? services.list() : services.byIndex(byHintMode, 'auto')
    return woken.map(namespacedKey)
  }
}
