/**
 * What is bound to a node, and what that refers to. The index of Pods by node is kept by the informer; the rest is looked
 * up from there, so that a question costs no more than the Pods of one node, and a change of a Pod next to nothing.
 */
import type { Informer } from '@davit/core/client'
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '@davit/core/kinds'
import { type References, referencesOf } from './references.js'

/** Few clusters have any: they are followed from the first question on. */
export interface StorageSources {
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly attachments: Informer<VolumeAttachment>
}
export type Followed = 'secrets' | 'configMaps' | 'claims'

const byNode = 'authorizer-node'

export class Graph {
  readonly #pods: Informer<Pod>
  readonly #storage: () => Promise<StorageSources>

  constructor(pods: Informer<Pod>, storage: () => Promise<StorageSources>) {
    this.#pods = pods
    this.#storage = storage
    pods.index(byNode, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
  }

  /** Whether a Pod of the node refers to it directly. */
  refers(node: string, what: Followed, namespace: string, name: string): boolean {
    return this.#some(node, namespace, (references) => references[what].has(name))
  }

  usesAccount(node: string, namespace: string, name: string): boolean {
    return this.#some(node, namespace, (references) => references.serviceAccount === name)
  }

  runs(node: string, namespace: string, name: string): boolean {
    return this.#pods.get(namespace, name)?.spec.nodeName === node
  }

  async mounts(node: string, volume: string): Promise<boolean> {
    return (await this.#volumesOf(node)).some(({ metadata }) => metadata.name === volume)
  }

  /** By the volume that a claim of the node's Pods is bound to. */
  async mountsWith(node: string, namespace: string, secret: string): Promise<boolean> {
    // Nearly every question that gets here asks for nothing that exists: no Pod with a claim, no volume to look into.
    if (!this.#hasClaims(node)) return false
    return (await this.#volumesOf(node)).some((volume) =>
      secretsOf(volume).some((ref) => ref.name === secret && (ref.namespace ?? volume.spec?.claimRef?.namespace) === namespace),
    )
  }

  async isAttached(node: string, attachment: string): Promise<boolean> {
    return (await this.#storage()).attachments.get('', attachment)?.spec.nodeName === node
  }

  async #volumesOf(node: string): Promise<PersistentVolume[]> {
    const { claims, volumes } = await this.#storage()
    const found: PersistentVolume[] = []
    for (const pod of this.#pods.byIndex(byNode, node)) {
      for (const claim of referencesOf(pod).claims) {
        const name = claims.get(pod.metadata.namespace ?? '', claim)?.spec?.volumeName
        const volume = name === undefined ? undefined : volumes.get('', name)
        if (volume) found.push(volume)
      }
    }
    return found
  }

  #hasClaims(node: string): boolean {
    return this.#pods.byIndex(byNode, node).some((pod) => referencesOf(pod).claims.size > 0)
  }

  #some(node: string, namespace: string, matches: (references: References) => boolean): boolean {
    return this.#pods.byIndex(byNode, node).some((pod) => pod.metadata.namespace === namespace && matches(referencesOf(pod)))
  }
}

interface SecretRef {
  readonly name?: string | undefined
  readonly namespace?: string | undefined
}

function secretsOf({ spec }: PersistentVolume): SecretRef[] {
  const { csi } = spec ?? {}
  const refs: (SecretRef | undefined)[] = [
    spec?.azureFile && { name: spec.azureFile.secretName, ...namespaceOf(spec.azureFile.secretNamespace) },
    spec?.cephfs?.secretRef,
    spec?.cinder?.secretRef,
    spec?.flexVolume?.secretRef,
    spec?.rbd?.secretRef,
    spec?.scaleIO?.secretRef,
    spec?.iscsi?.secretRef,
    spec?.storageos?.secretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
  ]
  return refs.filter((ref): ref is SecretRef => ref !== undefined)
}

function namespaceOf(namespace: string | undefined): { namespace?: string } {
  return namespace ? { namespace } : {}
}
