/** Keeps the desired state: only services that something changed about are computed again. */
import type { Informer } from '../client/contract.js'
import type { EndpointSlice, Service } from '../kinds/contract.js'
import { equalJson } from '../kinds/contract.js'
import type { ProxyState, ServicePort } from './contract.js'
import { servicePorts } from './desired.js'

const serviceLabel = 'kubernetes.io/service-name'
const byService = 'service'

export class ServiceTracker {
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #local: (node: string) => boolean
  readonly #zone: () => string | undefined
  readonly #ports = new Map<string, readonly ServicePort[]>()
  readonly #dirty = new Set<string>()
  /** The keys of `#ports` in order; undefined after one came or went. */
  #order: readonly string[] | undefined
  #state: ProxyState = Object.freeze({ revision: 0, services: Object.freeze([]) })

  constructor(
    services: Informer<Service>,
    slices: Informer<EndpointSlice>,
    local: (node: string) => boolean,
    zone: () => string | undefined,
  ) {
    this.#services = services
    this.#slices = slices
    this.#local = local
    this.#zone = zone
    slices.index(byService, (slice) => [serviceOf(slice)])
  }

  /**
   * Call it when both informers are synced: from then on the state is whole. `changed` is called for each change that may
   * alter it. Returns the undo.
   */
  follow(changed: () => void): () => void {
    for (const service of this.#services.list()) this.#dirty.add(keyOf(service))
    const touch = (...keys: string[]) => {
      for (const key of keys) this.#dirty.add(key)
      changed()
    }
    const service = (object: Service) => touch(keyOf(object))
    const slice = (object: EndpointSlice, old = object) => touch(serviceOf(object), serviceOf(old))
    const removals = [
      this.#services.on({ added: service, updated: service, deleted: service }),
      this.#slices.on({ added: (object) => slice(object), updated: slice, deleted: (object) => slice(object) }),
    ]
    return () => {
      for (const remove of removals) remove()
    }
  }

  /** This machine is in another zone: everything is looked at again. */
  zoneChanged(): void {
    for (const service of this.#services.list()) this.#dirty.add(keyOf(service))
  }

  /** The same object as before while nothing changed in it. */
  state(): ProxyState {
    let changed = false
    for (const key of this.#dirty) changed = this.#compute(key) || changed
    this.#dirty.clear()
    if (!changed) return this.#state
    this.#order ??= [...this.#ports.keys()].sort()
    const services = this.#order.flatMap((key) => this.#ports.get(key) ?? [])
    this.#state = Object.freeze({ revision: this.#state.revision + 1, services: Object.freeze(services) })
    return this.#state
  }

  /** True when it altered anything. */
  #compute(key: string): boolean {
    const [namespace = '', name = ''] = key.slice(0, -1).split('/')
    const service = this.#services.get(namespace, name)
    const old = this.#ports.get(key) ?? []
    const computed = service ? servicePorts(service, this.#slices.byIndex(byService, key), this.#local, this.#zone) : []
    const ports = computed.map((port) => old.find((before) => before.key === port.key && equalJson(before, port)) ?? port)
    if (ports.length === old.length && ports.every((port, index) => port === old[index])) return false
    if (old.length === 0 || ports.length === 0) this.#order = undefined
    if (ports.length === 0) this.#ports.delete(key)
    else this.#ports.set(key, ports)
    return true
  }
}

/** Ends like the key of a port without a name, so that both have the same order. */
function keyOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}:`
}

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[serviceLabel] ?? ''}:`
}
