import { endpointSlices, endpoints, type Informer, services } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { EndpointSlice, Endpoints, Service } from '@davit/core/kinds'
import { isMirrored, mirroredSlices } from './mirrored-slices.js'
import { mirrorManager } from './names.js'
import { type OwnWrites, rememberedMs } from './own-writes.js'
import { planSlices } from './slice-plan.js'
import { ownSlices, sliceOwners, writeSlices } from './slice-writer.js'

interface Started {
  readonly services: Informer<Service>
  readonly endpoints: Informer<Endpoints>
  readonly own: OwnWrites<EndpointSlice>
  readonly undo: () => void
}

/** Mirrors the Endpoints that users write for Services without a selector. Keys are Services. */
export class MirrorController implements Controller {
  readonly name = 'endpointslicemirroring'
  readonly watches = [
    watchOf(services, (service) => [namespacedKey(service)]),
    watchOf(endpoints, (object) => (this.#concerns(object) ? [namespacedKey(object)] : [])),
    watchOf(endpointSlices, (slice) => (this.#started?.own.knows(slice) ? [] : sliceOwners(slice, mirrorManager))),
  ]
  #started: Started | undefined

  start(host: ControllerHost): void {
    const own = ownSlices(host, mirrorManager)
    this.#started = { services: host.informer(services), endpoints: host.informer(endpoints), own, undo: own.follow() }
  }

  stop(): void {
    this.#started?.undo()
    this.#started = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    const { own } = this.#started
    const { namespace, name } = splitKey(key)
    const object = this.#started.endpoints.get(namespace, name)
    const existing = own.of(key)
    const mirrored = isMirrored(object, this.#started.services.get(namespace, name))
    const plan = mirrored ? planSlices(mirroredSlices(object), existing) : { create: [], update: [], remove: existing }
    await writeSlices(plan, own, context)
    return own.isAhead(key) ? { requeueAfterMs: rememberedMs } : undefined
  }

  /** Most Endpoints belong to Services with a selector, and change all the time. */
  #concerns({ metadata: { namespace = '', name } }: Endpoints): boolean {
    const service = this.#started?.services.get(namespace, name)
    return !service || Object.keys(service.spec.selector ?? {}).length === 0
  }
}
