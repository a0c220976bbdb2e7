import { endpoints, type Informer, isNotFound, pods, services } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import { type Endpoints, equalJson, type Service } from '@davit/core/kinds'
import { overCapacityAnnotation, triggerTimeAnnotation } from './names.js'
import { OwnWrites, rememberedMs } from './own-writes.js'
import { selectsPods } from './pod-endpoint.js'
import { Selection } from './selection.js'
import { serviceEndpoints } from './service-endpoints.js'
import { isTerminating } from './slice-writer.js'

interface Started {
  readonly services: Informer<Service>
  readonly own: OwnWrites<Endpoints>
  readonly undo: () => void
  readonly selection: Selection
}

/** Keeps the Endpoints object of every Service that selects Pods. Keys are Services. */
export class EndpointsController implements Controller {
  readonly name = 'endpoint'
  readonly watches = [
    watchOf(services, (service) => [namespacedKey(service)]),
    watchOf(pods, (pod, { old, deleted }) => this.#started?.selection.keysOf(pod, deleted ? undefined : old) ?? []),
    watchOf(endpoints, (object) => (this.#concerns(object) ? [namespacedKey(object)] : [])),
  ]
  #started: Started | undefined

  start(host: ControllerHost): void {
    const serviceInformer = host.informer(services)
    const selection = new Selection(serviceInformer, host.informer(pods))
    const own = ownEndpoints(host)
    this.#started = { services: serviceInformer, own, selection, undo: own.follow() }
  }

  stop(): void {
    this.#started?.undo()
    this.#started = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    const { namespace, name } = splitKey(key)
    const service = this.#started.services.get(namespace, name)
    const { own } = this.#started
    const old = own.of(key)[0]
    if (!service) await this.#remove(old, own, context)
    else if (selectsPods(service)) await this.#write(service, old, this.#started, context)
    else if (service.spec.type === 'ExternalName' && old && isOurs(old)) await this.#remove(old, own, context)
    return own.isAhead(key) ? { requeueAfterMs: rememberedMs } : undefined
  }

  async #write(
    service: Service,
    old: Endpoints | undefined,
    { own, selection }: Started,
    { client, cause }: ReconcileContext,
  ): Promise<void> {
    const next = serviceEndpoints(service, selection.podsOf(service), old)
    if (old && sameEndpoints(next, old)) return
    try {
      own.wrote(await (old ? client.update(endpoints, next, { cause }) : client.create(endpoints, next, { cause })))
    } catch (error) {
      if (old && isNotFound(error)) own.removed(old)
      if (!isTerminating(error)) throw error
    }
  }

  /** With its Service go the addresses, whoever wrote them. */
  async #remove(old: Endpoints | undefined, own: OwnWrites<Endpoints>, { client, cause }: ReconcileContext): Promise<void> {
    if (!old) return
    const { namespace = '', name, uid } = old.metadata
    try {
      await client.delete(endpoints, namespace, name, { cause, preconditions: { uid: uid ?? '' } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    own.removed(old)
  }

  /** One that a user wrote before its Service is none of ours; what was left behind by a Service that is gone is. */
  #concerns(object: Endpoints): boolean {
    const { namespace = '', name } = object.metadata
    if (this.#started?.own.knows(object)) return false
    return isOurs(object) || this.#started?.services.get(namespace, name) !== undefined
  }
}

function ownEndpoints(host: ControllerHost): OwnWrites<Endpoints> {
  const informer = host.informer(endpoints)
  const find = (owner: string) => {
    const { namespace, name } = splitKey(owner)
    const object = informer.get(namespace, name)
    return object ? [object] : []
  }
  return new OwnWrites({ informer, clock: host.clock, find, owners: (object) => [namespacedKey(object)] })
}

function isOurs({ metadata }: Endpoints): boolean {
  return metadata.annotations?.[triggerTimeAnnotation] !== undefined
}

/** The time in the annotation does not count: it tells of a change, and is none. */
function sameEndpoints(next: Endpoints, old: Endpoints): boolean {
  const content = ({ metadata: { labels, annotations }, subsets = [] }: Endpoints) => ({
    labels: labels ?? {},
    capacity: annotations?.[overCapacityAnnotation],
    subsets,
  })
  return equalJson(content(next), content(old))
}
