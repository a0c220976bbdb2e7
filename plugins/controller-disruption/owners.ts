/** What scales the Pods of a budget, and to how many: workloads that are known by heart, and any kind with `/scale`. */
import { deployments, type Informer, isNotFound, replicaSets, replicationControllers, statefulSets } from '@davit/core/client'
import { type ControllerHost, controllerOf } from '@davit/core/controller'
import type {
  Deployment,
  KindRegistry,
  KubeObject,
  OwnerReference,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '@davit/core/kinds'

interface Scale {
  readonly uid: string
  readonly replicas: number
}
export interface Expected {
  readonly replicas: number
  /** Names of Pods that nothing owns: they are not in the number. */
  readonly unmanaged: readonly string[]
}

export class Owners {
  readonly #host: ControllerHost
  readonly #kinds: KindRegistry
  readonly #deployments: Informer<Deployment>
  readonly #known: ReadonlyMap<string, Informer<ReplicaSet | ReplicationController | StatefulSet>>

  constructor(host: ControllerHost, kinds: KindRegistry) {
    this.#host = host
    this.#kinds = kinds
    this.#deployments = host.informer(deployments)
    this.#known = new Map([
      ['apps/ReplicaSet', host.informer<ReplicaSet | ReplicationController | StatefulSet>(replicaSets)],
      ['apps/StatefulSet', host.informer(statefulSets)],
      ['/ReplicationController', host.informer(replicationControllers)],
    ])
  }

  /** Throws where an owner cannot be found or scales nothing: the number is unknown then. */
  async expected(pods: readonly Pod[]): Promise<Expected> {
    const asked = new Set<string>()
    const scales = new Map<string, number>()
    const unmanaged: string[] = []
    for (const pod of pods) {
      const owner = controllerOf(pod)
      if (!owner) {
        unmanaged.push(pod.metadata.name)
        continue
      }
      if (asked.has(owner.uid)) continue
      asked.add(owner.uid)
      const scale = await this.#scaleOf(owner, pod.metadata.namespace ?? '')
      if (!scale) throw new Error(`found no controllers for pod "${pod.metadata.name}"`)
      scales.set(scale.uid, scale.replicas)
    }
    return { replicas: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
  }

  async #scaleOf(owner: OwnerReference, namespace: string): Promise<Scale | undefined> {
    const group = groupOf(owner.apiVersion)
    const informer = this.#known.get(`${group}/${owner.kind}`)
    if (!informer) return this.#askScale(owner, namespace)
    const found = informer.get(namespace, owner.name)
    if (!found || found.metadata.uid !== owner.uid) return undefined
    const above = controllerOf(found)
    const scaled =
      above?.kind === 'Deployment' && groupOf(above.apiVersion) === 'apps' ? this.#deployment(above, namespace) : found
    return scaled && { uid: scaled.metadata.uid ?? '', replicas: scaled.spec?.replicas ?? 0 }
  }

  #deployment(owner: OwnerReference, namespace: string): Deployment | undefined {
    const found = this.#deployments.get(namespace, owner.name)
    return found?.metadata.uid === owner.uid ? found : undefined
  }

  async #askScale({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): Promise<Scale | undefined> {
    const known = this.#kinds.kind(apiVersion, kind)
    if (!known) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`)
    const { group, resource } = known
    if (!known.subresources.has('scale')) {
      throw new Error(`${group ? `${resource}.${group}` : resource} does not implement the scale subresource`)
    }
    try {
      const scale = await this.#host.client.getSubresource(known, namespace, name, 'scale')
      if (scale.metadata.uid !== uid) return undefined
      return { uid, replicas: (scale as KubeObject & { readonly spec?: { readonly replicas?: number } }).spec?.replicas ?? 0 }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}

/** Owners are told by group: references keep the version that they were written in. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}
