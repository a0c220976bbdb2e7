/** The resources that some quota counts: followed from the first quota that names them until the last one is gone. */
import type { Informer, ResourceRef } from '@davit/core/client'
import type { ControllerHost } from '@davit/core/controller'
import {
  type KindRegistry,
  type KubeObject,
  type QuotaResource,
  quotaCountName,
  quotaNames,
  quotaResourcesOf,
  type ResourceKind,
} from '@davit/core/kinds'

export interface Counted {
  readonly resource: QuotaResource
  readonly informer: Informer<KubeObject>
}
export type Changed = (resource: QuotaResource, object: KubeObject, old?: KubeObject) => void
interface Entry extends Counted {
  readonly leave: () => void
}

export class Followed {
  readonly #host: ControllerHost
  readonly #kinds: KindRegistry
  readonly #changed: Changed
  readonly #entries = new Map<string, Entry>()

  /** `changed` hears of every object that comes, changes or goes. */
  constructor(host: ControllerHost, kinds: KindRegistry, changed: Changed) {
    this.#host = host
    this.#kinds = kinds
    this.#changed = changed
  }

  /** All that the names of a quota need, once it is known what there is. Names of kinds that are not served are left out. */
  async resources(names: readonly string[], signal: AbortSignal): Promise<readonly Counted[]> {
    const wanted = new Map<string, ResourceKind>()
    for (const kind of names.flatMap((name) => this.#kindsOf(name))) wanted.set(quotaCountName(kind), kind)
    const entries = [...wanted].map(([key, kind]) => this.#entries.get(key) ?? this.#follow(key, kind))
    await Promise.all(entries.map(({ informer }) => informer.whenSynced(signal)))
    return entries
  }

  /** Lets go of what none of these names counts. */
  keep(names: readonly string[]): void {
    for (const [key, { resource, leave }] of this.#entries) {
      if (quotaNames(resource, names).length > 0) continue
      leave()
      this.#entries.delete(key)
    }
  }

  close(): void {
    this.keep([])
  }

  #kindsOf(name: string): ResourceKind[] {
    const measured = quotaResourcesOf(name)
    return this.#kinds.all().filter((kind) => {
      if (!kind.stored || !kind.namespaced) return false
      return quotaCountName(kind) === name || measured.some((each) => quotaCountName(each) === quotaCountName(kind))
    })
  }

  #follow(key: string, kind: ResourceKind): Entry {
    const informer = this.#host.informer(kind as ResourceRef)
    const leave = informer.on({
      added: (object) => this.#changed(kind, object),
      updated: (object, old) => this.#changed(kind, object, old),
      deleted: (object) => this.#changed(kind, object),
    })
    const entry = { resource: kind, informer, leave }
    this.#entries.set(key, entry)
    return entry
  }
}
