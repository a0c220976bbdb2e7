import { endpointSlices, type Informer, nodes, pods, services } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { EndpointSlice, Node, Service } from '@davit/core/kinds'
import { sliceManager, zoneLabel } from './names.js'
import { type OwnWrites, rememberedMs } from './own-writes.js'
import { isFinished } from './pod-endpoint.js'
import { Selection } from './selection.js'
import { serviceSlices } from './service-slices.js'
import { planSlices } from './slice-plan.js'
import { ownSlices, sliceOwners, writeSlices } from './slice-writer.js'

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
    watchOf(endpointSlices, (slice) => (this.#started?.own.knows(slice) ? [] : sliceOwners(slice, sliceManager))),
  ]
  readonly #limit: number
  #started: Started | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  async start(host: ControllerHost): Promise<void> {
    const [serviceInformer, nodeInformer] = [host.informer(services), host.informer(nodes)]
    const own = ownSlices(host, sliceManager)
    this.#started = {
      services: serviceInformer,
      nodes: nodeInformer,
      selection: new Selection(serviceInformer, host.informer(pods)),
      own,
      undo: own.follow(),
    }
    await nodeInformer.whenSynced()
  }

  stop(): void {
    this.#started?.undo()
    this.#started = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    const { own } = this.#started
    await writeSlices(this.#plan(key, this.#started), own, context)
    return own.isAhead(key) ? { requeueAfterMs: rememberedMs } : undefined
  }

  #plan(key: string, { services, nodes, selection, own }: Started) {
    const { namespace, name } = splitKey(key)
    const service = services.get(namespace, name)
    const existing = own.of(key)
    const going = !service || service.metadata.deletionTimestamp !== undefined
    if (going || service.spec.type === 'ExternalName') return { create: [], update: [], remove: existing }
    // Whoever takes the selector away looks after the addresses from then on.
    if (Object.keys(service.spec.selector ?? {}).length === 0) return { create: [], update: [], remove: [] }
    const zoneOf = (node: string) => nodes.get('', node)?.metadata.labels?.[zoneLabel]
    return planSlices(serviceSlices(service, selection.podsOf(service), zoneOf, this.#limit), existing)
  }
}
