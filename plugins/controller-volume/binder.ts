/** Brings claims and volumes together, and parts them. Its keys are "claim/<namespace>/<name>" and "volume/<name>". */
import {
  edit,
  type Informer,
  isNotFound,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  type VolumeProvisioner,
  watchOf,
} from '@davit/core/controller'
import {
  defaultStorageClass,
  ephemeralClaimName,
  offersTo,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
  storageClassOf,
} from '@davit/core/kinds'
import { type ClaimView, planClaim } from './claim-plan.js'
import { Provisioning } from './provisioning.js'
import { planVolume } from './volume-plan.js'
import { byOffer, classWakes, indexStorage, keyOfClaim, keyOfVolume, type StorageIndex, volumeWakes } from './waking.js'
import { bind, setClaimPhase, setVolumePhase, unbind } from './writes.js'

interface Informers extends StorageIndex {
  readonly classes: Informer<StorageClass>
  readonly pods: Informer<Pod>
}

export class VolumeBinder implements Controller {
  readonly name = 'persistentvolume'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(persistentVolumeClaims, (claim) => [keyOfClaim(claim), ...this.#volumesOf(claim)]),
    watchOf(persistentVolumes, (volume, change) => [keyOfVolume(volume), ...volumeWakes(volume, change, this.#informers)]),
    watchOf(storageClasses, (storageClass) => classWakes(storageClass, this.#informers)),
  ]
  readonly #provisioners: () => readonly VolumeProvisioner[]
  #host: ControllerHost | undefined
  #informers: Informers | undefined
  #provisioning: Provisioning | undefined

  constructor(provisioners: () => readonly VolumeProvisioner[]) {
    this.#provisioners = provisioners
  }

  start(host: ControllerHost): void {
    const storage = { claims: host.informer(persistentVolumeClaims), volumes: host.informer(persistentVolumes) }
    indexStorage(storage)
    this.#host = host
    this.#informers = { ...storage, classes: host.informer(storageClasses), pods: host.informer(pods) }
    this.#provisioning = new Provisioning(this.#provisioners, host.informer(nodes))
  }

  stop(): void {
    this.#host = undefined
    this.#informers = undefined
    this.#provisioning = undefined
  }

  /** One that came may serve what waited for one outside. */
  provisionersChanged(): void {
    for (const claim of this.#informers?.claims.list() ?? []) if (!claim.spec.volumeName) this.#host?.enqueue(keyOfClaim(claim))
    for (const volume of this.#informers?.volumes.list() ?? []) this.#host?.enqueue(keyOfVolume(volume))
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { namespace: side, name: rest } = splitKey(key)
    const informers = this.#informers
    if (!informers) return undefined
    if (side === 'volume') {
      const volume = informers.volumes.get('', rest)
      if (volume) return this.#volume(volume, informers, context)
      this.#provisioning?.forget(rest)
      return undefined
    }
    const { namespace, name } = splitKey(rest)
    const claim = informers.claims.get(namespace, name)
    return claim && this.#claim(claim, informers, context)
  }

  async #claim(claim: PersistentVolumeClaim, informers: Informers, context: ReconcileContext) {
    const plan = planClaim(viewOf(claim, informers))
    switch (plan.act) {
      case 'bind':
        await bind(claim, plan.volume, context)
        return undefined
      case 'classify': {
        const changed = edit(claim, (draft) => {
          draft.spec.storageClassName = plan.storageClass
        })
        await context.client.update(persistentVolumeClaims, changed, { cause: context.cause })
        return undefined
      }
      case 'provision': {
        const name = storageClassOf(claim)
        return this.#provisioning?.provision(claim, name, informers.classes.get('', name), context)
      }
      case 'phase': {
        if (plan.phase === 'Lost' && (await isStored(claim.spec.volumeName, claim, context))) return undefined
        const changed = await setClaimPhase(claim, plan.phase, context)
        const { notice } = plan
        if (notice && (changed || plan.phase === 'Pending')) context.event(claim, notice.type, notice.reason, notice.message)
        return undefined
      }
      case 'nothing':
        return undefined
    }
  }

  async #volume(volume: PersistentVolume, informers: Informers, context: ReconcileContext) {
    const claim = await claimOf(volume, informers, context)
    const plan = planVolume(volume, claim)
    switch (plan.act) {
      case 'phase':
        await setVolumePhase(volume, plan.phase, context)
        return undefined
      case 'wakeClaim':
        if (claim) context.enqueue(keyOfClaim(claim))
        return undefined
      case 'tell': {
        const { type, reason, message } = plan.notice
        for (const side of claim ? [volume, claim] : [volume]) context.event(side, type, reason, message)
        return undefined
      }
      case 'unbind':
        await unbind(volume, plan.keep, context)
        return undefined
      case 'release': {
        const failed = volume.status?.phase === 'Failed'
        const released = failed ? volume : await setVolumePhase(volume, 'Released', context)
        return this.#provisioning?.reclaim(released, context)
      }
    }
  }

  /** Volumes that name the claim, whichever of its uids they mean, and the one that it names. */
  #volumesOf(claim: PersistentVolumeClaim): readonly string[] {
    const { volumeName } = claim.spec
    const named = this.#informers?.volumes.byIndex('claim', namespacedKey(claim)).map(keyOfVolume) ?? []
    return volumeName ? [...named, `volume/${volumeName}`] : named
  }
}

function viewOf(claim: PersistentVolumeClaim, { volumes, classes, pods: known }: Informers): ClaimView {
  return {
    claim,
    candidates: () => offersTo(claim).flatMap((key) => volumes.byIndex(byOffer, key)),
    volume: (name) => volumes.get('', name),
    storageClass: classes.get('', storageClassOf(claim)),
    defaultClass: () => defaultStorageClass(classes.list())?.metadata.name,
    waitingPod() {
      const waits = (pod: Pod) => !pod.spec.nodeName && usesClaim(pod, claim.metadata.name)
      return known.list(claim.metadata.namespace).find(waits)?.metadata.name
    },
  }
}

function usesClaim(pod: Pod, claim: string): boolean {
  return (pod.spec.volumes ?? []).some(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return persistentVolumeClaim.claimName === claim
    return ephemeral !== undefined && ephemeralClaimName(pod, name) === claim
  })
}

/** What is lost is lost: the informer of volumes may just not have heard yet of one that the claim's knows already. */
async function isStored(name: string | undefined, claim: PersistentVolumeClaim, { client }: ReconcileContext): Promise<boolean> {
  if (!name) return false
  const volume = await client.get(persistentVolumes, '', name).catch(unlessMissing)
  return volume !== undefined && (!volume.spec.claimRef?.uid || volume.spec.claimRef.uid === claim.metadata.uid)
}

/** That of the volume's reference. A volume is released for good, so a claim that is not here yet is asked for. */
async function claimOf(
  { spec }: PersistentVolume,
  { claims }: Informers,
  { client }: ReconcileContext,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace = '', name = '', uid } = spec.claimRef ?? {}
  if (!uid) return undefined
  const known = claims.get(namespace, name)
  if (known?.metadata.uid === uid) return known
  const stored = await client.get(persistentVolumeClaims, namespace, name).catch(unlessMissing)
  return stored?.metadata.uid === uid ? stored : undefined
}

function unlessMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
