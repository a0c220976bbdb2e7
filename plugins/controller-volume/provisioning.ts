/** Has volumes made and given back: by a provisioner of this cluster, else by one outside, which the annotations tell. */
import { edit, type Informer, isExists, isNotFound, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import {
  type ProvisionedVolume,
  type ProvisionRequest,
  provisionedByAnnotation,
  type ReconcileContext,
  type ReconcileResult,
  type VolumeProvisioner,
} from '@davit/core/controller'
import {
  boundByController,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  selectedNode,
} from '@davit/core/kinds'
import { oldStorageProvisioner, storageProvisioner } from './annotations.js'
import { telling } from './telling.js'
import { planReclaim } from './volume-plan.js'
import { annotateClaim, claimReference, setVolumePhase } from './writes.js'

/** How soon something that was refused is tried again, if nothing changes before. */
const retryMs = 30_000
/** The mark of classes whose volumes are made by hand. */
const byHand = 'kubernetes.io/no-provisioner'
const failedDelete = 'VolumeFailedDelete'

export class Provisioning {
  readonly #provisioners: () => readonly VolumeProvisioner[]
  readonly #nodes: Informer<Node>
  /** Until when a volume that was not given back is left alone, however often it changes; by name. */
  readonly #refused = new Map<string, { readonly uid: string | undefined; readonly until: number }>()

  constructor(provisioners: () => readonly VolumeProvisioner[], nodes: Informer<Node>) {
    this.#provisioners = provisioners
    this.#nodes = nodes
  }

  /** The volume is gone. */
  forget(volume: string): void {
    this.#refused.delete(volume)
  }

  async provision(
    claim: PersistentVolumeClaim,
    className: string,
    storageClass: StorageClass | undefined,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const failed = (message: string) => context.event(claim, 'Warning', 'ProvisioningFailed', message)
    if (!storageClass) return void failed(`storageclass.storage.k8s.io "${className}" not found`)
    const { provisioner } = storageClass
    if (provisioner === byHand) return void failed(`no volume plugin matched name: ${provisioner}`)
    const own = this.#find(provisioner)
    const told = await annotateClaim(claim, { [storageProvisioner]: provisioner, [oldStorageProvisioner]: provisioner }, context)
    if (own) return this.#make(told, storageClass, own, context)
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system ` +
      'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
    context.event(told, 'Normal', 'ExternalProvisioning', message)
    return undefined
  }

  async #make(
    claim: PersistentVolumeClaim,
    storageClass: StorageClass,
    provisioner: VolumeProvisioner,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const chosen = claim.metadata.annotations?.[selectedNode]
    const node = chosen === undefined ? undefined : this.#nodes.get('', chosen)
    if (chosen !== undefined && !node) return this.#elsewhere(claim, `node "${chosen}" not found`, storageClass, context)
    const request = { name: `pvc-${claim.metadata.uid}`, claim, storageClass, ...(node && { node }) }
    const failed = (why: string) => context.event(claim, 'Warning', 'ProvisioningFailed', failure(storageClass, why))
    const made = await telling(failed, context, () => this.#ask(request, provisioner, context))
    if ('refused' in made) {
      if (made.elsewhere && chosen !== undefined) return this.#elsewhere(claim, made.refused, storageClass, context)
      failed(made.refused)
      return { requeueAfterMs: retryMs }
    }
    try {
      await context.client.create(persistentVolumes, volumeOf(request, provisioner.name, made), { cause: context.cause })
    } catch (error) {
      // A former run came that far: the volume's own event goes on from there.
      if (isExists(error)) return undefined
      throw error
    }
    context.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${request.name}`)
    return undefined
  }

  async #ask(request: ProvisionRequest, provisioner: VolumeProvisioner, { signal }: ReconcileContext) {
    const { selector, dataSource } = request.claim.spec
    if (selector) return { refused: 'claim.Spec.Selector is not supported' }
    if (dataSource) return { refused: 'claim.Spec.DataSource is not supported' }
    return provisioner.provision(request, signal)
  }

  /** The scheduler chooses anew: as long as the claim names a node, it looks at no other. */
  async #elsewhere(claim: PersistentVolumeClaim, why: string, storageClass: StorageClass, context: ReconcileContext) {
    context.event(claim, 'Warning', 'ProvisioningFailed', failure(storageClass, why))
    const changed = edit(claim, (draft) => {
      delete draft.metadata.annotations?.[selectedNode]
    })
    await context.client.update(persistentVolumeClaims, changed, { cause: context.cause })
    return undefined
  }

  /** Of a volume whose claim is gone. */
  async reclaim(volume: PersistentVolume, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const plan = planReclaim(volume)
    if (plan.act === 'keep') return undefined
    if (plan.act === 'fail') {
      await fail(volume, plan.notice.reason, plan.notice.message, context)
      return undefined
    }
    const provisioner = this.#find(plan.provisioner)
    // One outside does it by itself.
    if (!provisioner) return undefined
    const { name, uid } = volume.metadata
    const refused = this.#refused.get(name)
    const now = context.clock.now()
    if (refused?.uid === uid && refused && refused.until > now) return { requeueAfterMs: refused.until - now }
    this.#refused.delete(name)
    return this.#giveBack(volume, provisioner, context)
  }

  async #giveBack(
    known: PersistentVolume,
    provisioner: VolumeProvisioner,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const { client, cause, signal } = context
    const { name, uid = '' } = known.metadata
    const volume = await client.get(persistentVolumes, '', name).catch(unlessGone)
    // What is given back is gone for good: somebody may have set the volume aside anew, and the informer not know it yet.
    if (volume?.metadata.uid !== uid || volume.spec.claimRef?.uid !== known.spec.claimRef?.uid) return undefined
    const failed = (why: string) => context.event(volume, 'Warning', failedDelete, why)
    const refusal = await telling(failed, context, () => provisioner.remove(volume, signal))
    if (refusal) {
      this.#refused.set(name, { uid, until: context.clock.now() + retryMs })
      await fail(volume, failedDelete, refusal.refused, context)
      return { requeueAfterMs: retryMs }
    }
    if (volume.metadata.deletionTimestamp !== undefined) return undefined
    await client.delete(persistentVolumes, '', name, { cause, preconditions: { uid } }).catch(unlessGone)
    return undefined
  }

  #find(name: string): VolumeProvisioner | undefined {
    return this.#provisioners().find((provisioner) => provisioner.name === name)
  }
}

async function fail(volume: PersistentVolume, reason: string, message: string, context: ReconcileContext): Promise<void> {
  if (volume.status?.phase !== 'Failed' || volume.status.message !== message) context.event(volume, 'Warning', reason, message)
  await setVolumePhase(volume, 'Failed', context, message)
}

function failure({ metadata }: StorageClass, reason: string): string {
  return `failed to provision volume with StorageClass "${metadata.name}": ${reason}`
}

function volumeOf({ name, claim, storageClass }: ProvisionRequest, provisioner: string, made: ProvisionedVolume) {
  const { accessModes, volumeMode } = claim.spec
  const { reclaimPolicy = 'Delete', mountOptions } = storageClass
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { ...made.annotations, [provisionedByAnnotation]: provisioner, [boundByController]: 'yes' },
      ...(made.labels && { labels: { ...made.labels } }),
      ...(made.finalizers && { finalizers: [...made.finalizers] }),
    },
    spec: {
      accessModes,
      volumeMode,
      ...(mountOptions && { mountOptions }),
      ...made.spec,
      claimRef: claimReference(claim),
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: storageClass.metadata.name,
    },
  }
  return volume
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
