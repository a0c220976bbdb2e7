/** Which Pods a Service selects and which Services select a Pod, by indexes: neither asks all of a namespace. */
import type { Informer } from '@davit/core/client'
import { indexLabels, namespacedKey, selectByLabels } from '@davit/core/controller'
import { type Pod, type Selector, type Service, selectorFromObject } from '@davit/core/kinds'
import { looksTheSame, selectsPods } from './pod-endpoint.js'

const byPair = 'endpoint/label'

export class Selection {
  readonly #services: Informer<Service>
  readonly #pods: Informer<Pod>

  constructor(services: Informer<Service>, pods: Informer<Pod>) {
    this.#services = services
    this.#pods = pods
    // One pair of its selector is enough to find a Service: a Pod that lacks it is not selected.
    services.index(byPair, (service) => pairs(service, selectorOf(service)?.exact.slice(0, 1) ?? []))
    indexLabels(pods)
  }

  podsOf(service: Service): readonly Pod[] {
    const selector = selectorOf(service)
    return selector ? selectByLabels(this.#pods, service.metadata.namespace ?? '', selector) : []
  }

  /** Keys of the Services that a change of a Pod touches. */
  keysOf(pod: Pod, old?: Pod): readonly string[] {
    if (!old) return this.#servicesOf(pod)
    if (looksTheSame(pod, old)) return []
    return [...new Set([...this.#servicesOf(pod), ...this.#servicesOf(old)])]
  }

  #servicesOf(pod: Pod): string[] {
    const { labels = {} } = pod.metadata
    return pairs(pod, Object.entries(labels))
      .flatMap((pair) => this.#services.byIndex(byPair, pair))
      .filter((service) => selectorOf(service)?.matches(labels))
      .map(namespacedKey)
  }
}

/** Undefined for a Service that selects no Pods. */
function selectorOf(service: Service): Selector | undefined {
  return selectsPods(service) ? selectorFromObject(service.spec.selector).value : undefined
}

function pairs({ metadata: { namespace = '' } }: Pod | Service, labels: Selector['exact']): string[] {
  return labels.map(([name, value]) => `${namespace}/${name}=${value}`)
}
