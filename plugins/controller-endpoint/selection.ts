/** Which Pods a Service selects and which Services select a Pod, by indexes: neither asks all of a namespace. */
import type { Informer } from '@davit/core/client'
import { namespacedKey } from '@davit/core/controller'
import type { Pod, Service } from '@davit/core/kinds'
import { looksTheSame, selectsPods } from './pod-endpoint.js'

const byPair = 'endpoint/label'

type Labels = Readonly<Record<string, string>>

export class Selection {
  readonly #services: Informer<Service>
  readonly #pods: Informer<Pod>

  constructor(services: Informer<Service>, pods: Informer<Pod>) {
    this.#services = services
    this.#pods = pods
    // One pair of its selector is enough to find a Service: a Pod that lacks it is not selected.
    services.index(byPair, (service) => (selectsPods(service) ? pairs(service, service.spec.selector ?? {}).slice(0, 1) : []))
    pods.index(byPair, (pod) => pairs(pod, pod.metadata.labels ?? {}))
  }

  podsOf(service: Service): readonly Pod[] {
    if (!selectsPods(service)) return []
    const selector = service.spec.selector ?? {}
    const lists = pairs(service, selector).map((pair) => this.#pods.byIndex(byPair, pair))
    const fewest = lists.reduce((least, list) => (list.length < least.length ? list : least))
    return fewest.filter((pod) => selects(selector, pod))
  }

  /** Keys of the Services that a change of a Pod touches. */
  keysOf(pod: Pod, old?: Pod): readonly string[] {
    if (!old) return this.#servicesOf(pod)
    if (looksTheSame(pod, old)) return []
    return [...new Set([...this.#servicesOf(pod), ...this.#servicesOf(old)])]
  }

  #servicesOf(pod: Pod): string[] {
    return pairs(pod, pod.metadata.labels ?? {})
      .flatMap((pair) => this.#services.byIndex(byPair, pair))
      .filter(({ spec }) => selects(spec.selector ?? {}, pod))
      .map(namespacedKey)
  }
}

function selects(selector: Labels, { metadata: { labels = {} } }: Pod): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}

function pairs({ metadata: { namespace = '' } }: Pod | Service, labels: Labels): string[] {
  return Object.entries(labels).map(([name, value]) => `${namespace}/${name}=${value}`)
}
