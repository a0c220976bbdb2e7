/** Mounts volumes by asking their drivers, and undoes it by what was written down. */
import { createHash } from 'node:crypto'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiError, type Client, csiDrivers, isNotFound, volumeAttachments } from '@davit/core/client'
import { attachmentName, type CSIDriver, type Pod } from '@davit/core/kinds'
import type { MountedVolume, PersistentVolumeRequest, VolumeRequest } from '@davit/core/node'
import { volumeCapability, type Wish, wishOf } from './capability.js'
import type { Sent } from './messages.js'
import { mountName, type Places } from './places.js'
import type { Driver } from './registry.js'
import {
  forgetVolume,
  isStagedFor,
  type Published,
  publishedOf,
  removeTarget,
  type VolumeData,
  writeVolumeData,
} from './volume-data.js'

type Mounted = MountedVolume | { readonly wait: string }

export interface VolumesOptions {
  readonly places: Places
  driver(name: string): Driver | undefined
  /** Acts for the node. */
  client(nodeName: string): Client
}

/** One volume as its driver is to have it. */
interface Wanted {
  readonly request: VolumeRequest
  readonly driver: string
  readonly volumeHandle: string
  /** Of the directory of the Pod's volume. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly wish: Wish
  readonly readOnly: boolean
  /** Absent: it is the Pod's alone, and has no stage and nothing to attach. */
  readonly persistentVolume?: string
  readonly stageSecret: SecretName | undefined
  readonly publishSecret: SecretName | undefined
}
interface SecretName {
  readonly namespace: string
  readonly name: string
}

export class Volumes {
  readonly #options: VolumesOptions
  /** The last piece of work on a volume: its driver is never asked for two things of it at once. */
  readonly #turns = new Map<string, Promise<unknown>>()
  /** What this process had published, by target: a driver is asked again only where it wants to be. */
  readonly #published = new Map<string, MountedVolume>()
  /** Pods of which nothing is left but what a driver has not undone. */
  readonly #owed = new Set<string>()

  constructor(options: VolumesOptions) {
    this.#options = options
  }

  mountPersistent(request: PersistentVolumeRequest): Promise<Mounted> {
    const { persistentVolume, pod } = request
    const csi = persistentVolume.spec.csi
    if (!csi) return Promise.resolve({ wait: `the PersistentVolume "${persistentVolume.metadata.name}" is of no driver` })
    const wanted: Wanted = {
      request,
      driver: csi.driver,
      volumeHandle: csi.volumeHandle,
      name: persistentVolume.metadata.name,
      attributes: csi.volumeAttributes ?? {},
      wish: wishOf(persistentVolume, pod.spec.securityContext?.fsGroup),
      readOnly: (csi.readOnly ?? false) || (request.volume.persistentVolumeClaim?.readOnly ?? false),
      persistentVolume: persistentVolume.metadata.name,
      stageSecret: secretName(csi.nodeStageSecretRef),
      publishSecret: secretName(csi.nodePublishSecretRef),
    }
    return this.#inTurn(wanted, () => this.#mount(wanted))
  }

  mountInline(request: VolumeRequest): Promise<Mounted> {
    const { csi, name } = request.volume
    const { namespace = '', uid = '' } = request.pod.metadata
    if (!csi) return Promise.resolve({ wait: `the volume "${name}" is of no driver` })
    const wanted: Wanted = {
      request,
      driver: csi.driver,
      volumeHandle: `csi-${createHash('sha256').update(`${namespace}${uid}${name}`).digest('hex')}`,
      name,
      attributes: csi.volumeAttributes ?? {},
      wish: {
        accessModes: ['ReadWriteOnce'],
        fsType: csi.fsType,
        mountOptions: [],
        fsGroup: request.pod.spec.securityContext?.fsGroup,
      },
      readOnly: csi.readOnly ?? false,
      stageSecret: undefined,
      publishSecret: secretName(csi.nodePublishSecretRef && { ...csi.nodePublishSecretRef, namespace }),
    }
    return this.#inTurn(wanted, () => this.#mount(wanted))
  }

  /** Throws where a driver refuses, or is not there: what it has mounted must not be forgotten. */
  async unmount({ pod, volume }: VolumeRequest): Promise<void> {
    const { uid = '' } = pod.metadata
    for (const published of await publishedOf(this.#options.places, uid)) {
      if (published.data.volume === volume.name) await this.#inTurn(published.data, () => this.#unmount(uid, published))
    }
  }

  /** Whatever the Pod has here. What a driver that is away leaves is undone when it is back: see `retry`. */
  async unmountPod(podUid: string): Promise<void> {
    this.#owed.add(podUid)
    for (const published of await publishedOf(this.#options.places, podUid)) {
      await this.#inTurn(published.data, () => this.#unmount(podUid, published))
    }
    this.#owed.delete(podUid)
  }

  /** A driver is there: Pods that are gone may have waited for it. Never rejects: what fails is tried with the next driver. */
  async retry(): Promise<void> {
    for (const podUid of [...this.#owed]) await this.unmountPod(podUid).catch(() => undefined)
  }

  async #mount(wanted: Wanted): Promise<Mounted> {
    const { places } = this.#options
    const { request, volumeHandle } = wanted
    const driver = this.#options.driver(wanted.driver)
    if (!driver) return { wait: `driver name ${wanted.driver} not found in the list of registered CSI drivers` }
    const described = await this.#describe(wanted)
    if ('wait' in described) return described
    const { uid = '' } = request.pod.metadata
    const directory = join(places.volumesOf(uid), wanted.name)
    const target = join(directory, mountName)
    const present = this.#published.get(target)
    if (present && !described.csiDriver?.spec.requiresRepublish) return present
    const stages = wanted.persistentVolume !== undefined && driver.capabilities.has('STAGE_UNSTAGE_VOLUME')
    const staging = stages ? places.staging(wanted.driver, volumeHandle) : undefined
    await writeVolumeData(directory, {
      volume: request.volume.name,
      driver: wanted.driver,
      volumeHandle,
      ...(staging !== undefined && { staging }),
    })
    const asked = {
      volumeId: volumeHandle,
      publishContext: described.publishContext,
      stagingTargetPath: staging ?? '',
      volumeCapability: volumeCapability(wanted.wish, driver.capabilities),
    }
    if (staging !== undefined) await this.#stage(driver, wanted, { ...asked, volumeContext: wanted.attributes }, staging)
    const secrets = await secretsOf(wanted.publishSecret, request)
    if (typeof secrets === 'string') return { wait: secrets }
    const volumeContext = {
      ...wanted.attributes,
      ...(described.podInfo && podInfo(request.pod, wanted.persistentVolume === undefined)),
    }
    const { readOnly } = wanted
    await driver.node.call('NodePublishVolume', { ...asked, targetPath: target, readonly: readOnly, secrets, volumeContext })
    const takesGroup = !driver.capabilities.has('VOLUME_MOUNT_GROUP') && takesFsGroup(described.csiDriver, wanted)
    const mounted = { path: target, readOnly, takesGroup }
    this.#published.set(target, mounted)
    return mounted
  }

  async #stage(driver: Driver, wanted: Wanted, asked: Sent<'NodeStageVolumeRequest'>, staging: string): Promise<void> {
    const secrets = await secretsOf(wanted.stageSecret, wanted.request)
    if (typeof secrets === 'string') throw new Error(secrets)
    await mkdir(staging, { recursive: true, mode: 0o750 })
    await driver.node.call('NodeStageVolume', { ...asked, secrets })
  }

  /** What the cluster says of the driver, and of the volume's attachment to this node. */
  async #describe({ request, driver, persistentVolume, volumeHandle }: Wanted): Promise<Described | { readonly wait: string }> {
    const client = this.#options.client(request.place.nodeName)
    const csiDriver = await client.get(csiDrivers, '', driver).catch(unlessMissing)
    const podInfo = csiDriver?.spec.podInfoOnMount ?? false
    if (persistentVolume === undefined) {
      if (!csiDriver?.spec.volumeLifecycleModes?.includes('Ephemeral'))
        return { wait: `volume mode "Ephemeral" not supported by driver ${driver} (its CSIDriver object does not have it)` }
      return { csiDriver, podInfo, publishContext: {} }
    }
    if (csiDriver?.spec.attachRequired === false) return { csiDriver, podInfo, publishContext: {} }
    const name = attachmentName(driver, volumeHandle, request.place.nodeName)
    const attachment = await client.get(volumeAttachments, '', name).catch(unlessUnknown)
    const { attached, attachError, attachmentMetadata } = attachment?.status ?? {}
    if (attachment?.metadata.deletionTimestamp !== undefined) return { wait: `the volume's attachment ${name} is being deleted` }
    if (!attached) return { wait: attachError?.message ?? `the volume is not attached yet (VolumeAttachment ${name})` }
    return { csiDriver, podInfo, publishContext: attachmentMetadata ?? {} }
  }

  async #unmount(podUid: string, published: Published): Promise<void> {
    const { places } = this.#options
    const { data, target } = published
    const driver = this.#options.driver(data.driver)
    if (!driver) throw new Error(`the volume ${data.volumeHandle} cannot be unmounted: its driver ${data.driver} is not here`)
    const volumeId = data.volumeHandle
    await driver.node.call('NodeUnpublishVolume', { volumeId, targetPath: target })
    this.#published.delete(target)
    await removeTarget(published)
    if (data.staging !== undefined && !(await isStagedFor(places, data.staging, published.directory))) {
      await driver.node.call('NodeUnstageVolume', { volumeId, stagingTargetPath: data.staging })
      for (const folder of [data.staging, join(data.staging, '..')]) await rmdir(folder).catch(unlessNoEntry)
    }
    await forgetVolume(places, podUid, published)
  }

  async #inTurn<T>({ driver, volumeHandle }: Pick<VolumeData, 'driver' | 'volumeHandle'>, work: () => Promise<T>): Promise<T> {
    const key = `${driver}/${volumeHandle}`
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work)
    this.#turns.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }
}

interface Described {
  readonly csiDriver: CSIDriver | undefined
  readonly podInfo: boolean
  readonly publishContext: Readonly<Record<string, string>>
}

function secretName(reference: { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined) {
  return reference && { name: reference.name ?? '', namespace: reference.namespace ?? '' }
}

/** Or what is missing. */
async function secretsOf(wanted: SecretName | undefined, { read }: VolumeRequest): Promise<Record<string, string> | string> {
  if (!wanted) return {}
  const found = await read.secret(wanted.namespace, wanted.name)
  if (!found) return `secret "${wanted.namespace}/${wanted.name}" not found`
  return Object.fromEntries(
    Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  )
}

function podInfo({ metadata, spec }: Pod, ephemeral: boolean): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': metadata.name,
    'csi.storage.k8s.io/pod.namespace': metadata.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': metadata.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': spec.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': `${ephemeral}`,
  }
}

/** Whether the node gives the files to the Pod's group: what a driver says nothing of counts as a disk for one writer. */
function takesFsGroup(csiDriver: CSIDriver | undefined, { wish, readOnly }: Wanted): boolean {
  const policy = csiDriver?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType'
  if (policy === 'None' || readOnly) return false
  return policy === 'File' || ((wish.fsType ?? '') !== '' && wish.accessModes.includes('ReadWriteOnce'))
}

function unlessMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}

/** Before there is one, nodes are not told whether there is: what is not theirs to see is forbidden to them. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 403) return undefined
  return unlessMissing(error)
}

function unlessNoEntry(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
