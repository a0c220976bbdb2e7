/** Volumes that outlive their Pods, on a node: what stands behind claims. */
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { PersistentVolume, PersistentVolumeClaim } from '../kinds/contract.js'
import type { MountedVolume, VolumePlace, VolumeRequest } from './contract.js'

export const PersistentVolumeToken: Token<PersistentVolumeDriver, 'many'> =
  many<PersistentVolumeDriver>('node.persistent-volume/v1')

/** Of a Node object: the `directory` of its volumes, for provisioners that make volumes on nodes. */
export const volumesDirectoryAnnotation = 'davit.dev/volumes-directory'

/**
 * Puts one kind of PersistentVolume into a directory; `persistentVolumeClaim` and `ephemeral` volumes of Pods come here
 * once their claim is bound and the node is one that reaches the volume. The first by plugin id that serves a volume is
 * asked; of what nobody serves the agent itself has `hostPath` and `local`.
 */
export interface PersistentVolumeDriver {
  readonly name: string
  /** Pure. */
  serves(volume: PersistentVolume): boolean
  /**
   * Called once for each node of this process that is not hollow, when its agent starts, and not waited for by mounts. What it
   * resolves with is called when the agent ends. For drivers that tell the cluster what their nodes can do. A throw stops the
   * agent's start.
   */
  open?(place: VolumePlace): Promise<() => Promise<void>>
  /** As `mount` of a `VolumeDriver`. */
  mount(request: PersistentVolumeRequest): Promise<MountedVolume | { readonly wait: string }>
  /**
   * Undoes what `mount` did for this Pod alone; absent: there is nothing to undo. Claim and volume may be gone by now, so
   * every driver is called for every claim of the Pod, also without a mount before; idempotent. Where the driver that was
   * asked to mount is gone by then, the Pod stays until one of its name is back.
   */
  unmount?(request: VolumeRequest): Promise<void>
  /** Of volumes whose data lies on the one node that reaches them. */
  readonly removal?: VolumeRemoval
}
export interface PersistentVolumeRequest extends VolumeRequest {
  readonly claim: PersistentVolumeClaim
  readonly persistentVolume: PersistentVolume
}
export interface VolumeRemoval {
  /** What holds the PersistentVolume until this node has done its part. */
  readonly finalizer: string
  /**
   * The PersistentVolume is being deleted and no claim is bound to it. Called by the agent of its node before the finalizer
   * comes off, never for a hollow node; idempotent. A throw is tried again with back-off.
   */
  remove(volume: PersistentVolume, place: VolumePlace): Promise<void>
}
