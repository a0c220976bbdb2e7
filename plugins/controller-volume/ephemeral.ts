/** Makes the claims of generic ephemeral volumes; each goes with its Pod, whose own it is. */
import { type Informer, isExists, persistentVolumeClaims, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  isControlledBy,
  namespacedKey,
  ownerReference,
  type ReconcileContext,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import { ephemeralClaimName, type PersistentVolumeClaim, type Pod, type Volume } from '@davit/core/kinds'

export class EphemeralClaims implements Controller {
  readonly name = 'ephemeral-volume'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(pods, (pod, { deleted }) => (deleted || !hasEphemeral(pod) ? none : [namespacedKey(pod)])),
    // One that goes while its Pod is there is made anew, also where it was somebody else's and stood in the way.
    watchOf(persistentVolumeClaims, (claim, { deleted }) => (deleted ? this.#usersOf(claim) : none)),
  ]
  #informers: { readonly pods: Informer<Pod>; readonly claims: Informer<PersistentVolumeClaim> } | undefined

  start(host: ControllerHost): void {
    const podInformer = host.informer(pods)
    podInformer.index(byEphemeralClaim, ephemeralClaims)
    this.#informers = { pods: podInformer, claims: host.informer(persistentVolumeClaims) }
  }

  stop(): void {
    this.#informers = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<undefined> {
    const { namespace, name } = splitKey(key)
    const pod = this.#informers?.pods.get(namespace, name)
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined
    for (const volume of pod.spec.volumes ?? []) if (volume.ephemeral) await this.#settle(pod, volume, context)
    return undefined
  }

  #usersOf(claim: PersistentVolumeClaim): readonly string[] {
    return (this.#informers?.pods.byIndex(byEphemeralClaim, namespacedKey(claim)) ?? none).map(namespacedKey)
  }

  async #settle(pod: Pod, volume: Volume, context: ReconcileContext): Promise<void> {
    const { namespace = '', name } = pod.metadata
    const wanted = claimOf(pod, volume)
    const failed = (why: string) => context.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`)
    const present = this.#informers?.claims.get(namespace, wanted.metadata.name)
    if (present) {
      if (isControlledBy(present, pod)) return
      failed(`PVC ${namespace}/${wanted.metadata.name} was not created for pod ${namespace}/${name} (pod is not owner)`)
      return
    }
    try {
      await context.client.create(persistentVolumeClaims, wanted, { cause: context.cause })
    } catch (error) {
      // By a former run, or by somebody else: the next look tells.
      if (isExists(error)) return context.enqueue(namespacedKey(pod), 100)
      failed(error instanceof Error ? error.message : String(error))
      throw error
    }
  }
}

const none: readonly never[] = []
const byEphemeralClaim = 'ephemeral claim'

function ephemeralClaims(pod: Pod): readonly string[] {
  if (!hasEphemeral(pod)) return none
  const { namespace = '' } = pod.metadata
  const ephemeral = (pod.spec.volumes ?? []).filter((volume) => volume.ephemeral)
  return ephemeral.map(({ name }) => `${namespace}/${ephemeralClaimName(pod, name)}`)
}

function hasEphemeral({ spec }: Pod): boolean {
  return spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined) ?? false
}

function claimOf(pod: Pod, volume: Volume): PersistentVolumeClaim {
  const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? { spec: {} }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: ephemeralClaimName(pod, volume.name),
      namespace: pod.metadata.namespace,
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ownerReferences: [ownerReference(pod)],
    },
    spec,
  }
}
