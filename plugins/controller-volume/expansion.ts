/** Enlarges bound volumes whose claims ask for more. */
import { edit, type Informer, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  timestamp,
  type VolumeProvisioner,
  watchOf,
} from '@davit/core/controller'
import { equalJson, type PersistentVolume, type PersistentVolumeClaim } from '@davit/core/kinds'
import { storageResizer } from './annotations.js'
import { infeasible, planExpansion, resizedStatus, resizingStatus } from './expansion-plan.js'
import { telling } from './telling.js'
import { annotateClaim } from './writes.js'

const retryMs = 30_000

export class VolumeExpansion implements Controller {
  readonly name = 'expand'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(persistentVolumeClaims, (claim, { deleted }) => {
      const key = namespacedKey(claim)
      const concerns = deleted ? this.#refused.has(key) : claim.status?.phase === 'Bound'
      return concerns ? [key] : none
    }),
  ]
  readonly #provisioners: () => readonly VolumeProvisioner[]
  /** Until when what was refused is left alone, however often the claim changes; by key. */
  readonly #refused = new Map<string, { readonly uid: string | undefined; readonly size: string; readonly until: number }>()
  #informers: { readonly claims: Informer<PersistentVolumeClaim>; readonly volumes: Informer<PersistentVolume> } | undefined

  constructor(provisioners: () => readonly VolumeProvisioner[]) {
    this.#provisioners = provisioners
  }

  start(host: ControllerHost): void {
    this.#informers = { claims: host.informer(persistentVolumeClaims), volumes: host.informer(persistentVolumes) }
  }

  stop(): void {
    this.#refused.clear()
    this.#informers = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key)
    const claim = this.#informers?.claims.get(namespace, name)
    const volume = claim?.spec.volumeName ? this.#informers?.volumes.get('', claim.spec.volumeName) : undefined
    if (!claim || !volume) {
      this.#refused.delete(key)
      return undefined
    }
    const plan = planExpansion(claim, volume)
    const refused = this.#refused.get(key)
    const now = context.clock.now()
    const isSame = plan.act === 'expand' && refused?.size === plan.size && refused.uid === claim.metadata.uid
    if (isSame && refused.until > now) return { requeueAfterMs: refused.until - now }
    this.#refused.delete(key)
    if (plan.act === 'tell') await this.#write(claim, resizedStatus(claim.status ?? {}, plan.size), context)
    if (plan.act !== 'expand') return undefined
    const provisioner = this.#provisioners().find((each) => each.name === plan.provisioner)
    if (provisioner?.expand) return this.#expand(claim, volume, plan.size, provisioner, context)
    context.event(claim, 'Normal', 'ExternalExpanding', 'waiting for an external controller to expand this PVC')
    return undefined
  }

  async #expand(
    claim: PersistentVolumeClaim,
    volume: PersistentVolume,
    size: string,
    provisioner: VolumeProvisioner,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const now = timestamp(context.clock.now())
    const told = await annotateClaim(claim, { [storageResizer]: provisioner.name }, context)
    // One that was refused says so until it succeeds.
    const isRetry = told.status?.allocatedResourceStatuses?.storage === infeasible
    const begun = isRetry ? told : await this.#write(told, resizingStatus(told.status ?? {}, size, now), context)
    const failed = (why: string) =>
      context.event(begun, 'Warning', 'VolumeResizeFailed', `resize volume "${volume.metadata.name}" failed: ${why}`)
    const answer = await telling(failed, context, async () => provisioner.expand?.(volume, size, context.signal))
    if (!answer || 'refused' in answer) {
      failed(answer?.refused ?? `${provisioner.name} cannot expand volumes`)
      await this.#write(begun, resizingStatus(begun.status ?? {}, size, now, infeasible), context)
      this.#refused.set(namespacedKey(claim), { uid: claim.metadata.uid, size, until: context.clock.now() + retryMs })
      return { requeueAfterMs: retryMs }
    }
    const larger = edit(volume, (draft) => {
      draft.spec.capacity = { ...draft.spec.capacity, storage: answer.size }
    })
    await context.client.update(persistentVolumes, larger, { cause: context.cause })
    const done = await this.#write(begun, resizedStatus(begun.status ?? {}, answer.size), context)
    context.event(done, 'Normal', 'VolumeResizeSuccessful', `ExpandVolume succeeded for volume ${namespacedKey(claim)}`)
    return undefined
  }

  async #write(
    claim: PersistentVolumeClaim,
    status: NonNullable<PersistentVolumeClaim['status']>,
    { client, cause }: ReconcileContext,
  ): Promise<PersistentVolumeClaim> {
    if (equalJson(status, claim.status)) return claim
    return client.updateStatus(persistentVolumeClaims, { ...claim, status }, { cause })
  }
}

const none: readonly never[] = []
