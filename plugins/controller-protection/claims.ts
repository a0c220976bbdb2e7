/** A claim that is deleted stays while a Pod on a node has it. */
import { type Informer, persistentVolumeClaims, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  namespacedKey,
  type ReconcileContext,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { PersistentVolumeClaim, Pod } from '@davit/core/kinds'
import { settle } from './finalizer.js'

const finalizer = 'kubernetes.io/pvc-protection'

export class ClaimProtection implements Controller {
  readonly name = 'pvc-protection'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(persistentVolumeClaims, (claim) => [namespacedKey(claim)]),
    watchOf(pods, (pod, { deleted }) => {
      // Only a Pod that goes frees a claim.
      if (!deleted && pod.metadata.deletionTimestamp === undefined) return none
      return claimsOf(pod).map((claim) => `${pod.metadata.namespace ?? ''}/${claim}`)
    }),
  ]
  #informers: { readonly claims: Informer<PersistentVolumeClaim>; readonly pods: Informer<Pod> } | undefined

  start(host: ControllerHost): void {
    this.#informers = { claims: host.informer(persistentVolumeClaims), pods: host.informer(pods) }
  }

  stop(): void {
    this.#informers = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<undefined> {
    const { namespace, name } = splitKey(key)
    const claim = this.#informers?.claims.get(namespace, name)
    if (!this.#informers || !claim) return undefined
    const present = this.#informers.pods
    await settle(persistentVolumeClaims, claim, finalizer, () => present.list(namespace).some((pod) => uses(pod, claim)), context)
    return undefined
  }
}

const none: readonly never[] = []

/** A Pod without a node uses nothing, and no node starts one whose claim goes. */
export function uses(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false
  const owned = metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) ?? false
  const over = pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0
  return (pod.spec.volumes ?? []).some((volume) => {
    if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName === metadata.name
    return volume.ephemeral !== undefined && owned && !over && ephemeralName(pod, volume.name) === metadata.name
  })
}

function claimsOf(pod: Pod): readonly string[] {
  const { volumes } = pod.spec
  if (!volumes) return none
  return volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName]
    return ephemeral ? [ephemeralName(pod, name)] : []
  })
}

const ephemeralName = ({ metadata }: Pod, volume: string): string => `${metadata.name}-${volume}`
