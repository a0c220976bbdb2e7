/** Keeps the desired state: only services that something changed about are computed again. */
import type { Informer } from '../client/contract.js'
import type { EndpointSlice, Service } from '../kinds/contract.js'
import type { ProxyState, ServicePort } from './contract.js'
import { servicePorts } from './desired.js'

const serviceLabel = 'kubernetes.io/service-name'
const byService = 'service'

export class ServiceTracker {
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #local: (node: string) => boolean
  readonly #ports = new Map<string, readonly ServicePort[]>()
  readonly #dirty = new Set<string>()
  #state: ProxyState = Object.freeze({ revision: 0, services: Object.freeze([]) })

  constructor(services: Informer<Service>, slices: Informer<EndpointSlice>, local: (node: string) => boolean) {
    this.#services = services
    this.#slices = slices
    this.#local = local
    slices.index(byService, (slice) => [serviceOf(slice)])
  }

  /** Once both informers are synced. `changed` is called for each change that may alter the state. Returns the undo. */
  follow(changed: () => void): () => void {
    // Events for what is there already come in later turns. A state made before them must not be an empty one: the
    // kernel would lose the rules that still serve traffic from before a restart.
    for (const service of this.#services.list()) this.#dirty.add(`${service.metadata.namespace}/${service.metadata.name}`)
    const touch = (key: string) => {
      this.#dirty.add(key)
      changed()
    }
    const service = (object: Service) => touch(`${object.metadata.namespace}/${object.metadata.name}`)
    const slice = (object: EndpointSlice) => touch(serviceOf(object))
    const removals = [
      this.#services.on({ added: service, updated: service, deleted: service }),
      this.#slices.on({ added: slice, updated: slice, deleted: slice }),
    ]
    return () => {
      for (const remove of removals) remove()
    }
  }

  /** The same object as before while nothing changed in it. */
  state(): ProxyState {
    let changed = false
    for (const key of this.#dirty) changed = this.#compute(key) || changed
    this.#dirty.clear()
    if (!changed) return this.#state
    const services = [...this.#ports.keys()].sort().flatMap((key) => this.#ports.get(key) ?? [])
    this.#state = Object.freeze({ revision: this.#state.revision + 1, services: Object.freeze(services) })
    return this.#state
  }

  #compute(key: string): boolean {
    const [namespace = '', name = ''] = key.split('/')
    const service = this.#services.get(namespace, name)
    const old = this.#ports.get(key) ?? []
    const computed = service ? servicePorts(service, this.#slices.byIndex(byService, key), this.#local) : []
    const ports = computed.map((port) => old.find((before) => before.key === port.key && isSame(before, port)) ?? port)
    if (ports.length === old.length && ports.every((port, index) => port === old[index])) return false
    if (ports.length === 0) this.#ports.delete(key)
    else this.#ports.set(key, ports)
    return true
  }
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceLabel] ?? ''}`
}

function isSame(a: ServicePort, b: ServicePort): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
