/** Provisioners: who makes, enlarges and gives back the volumes of storage classes. */
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../kinds/contract.js'

/**
 * Asked by `controller-volume` for the classes whose `provisioner` is its name. Classes that name none of these wait for
 * an external provisioner, which is told by the annotations that Kubernetes uses.
 */
export const VolumeProvisionerToken: Token<VolumeProvisioner, 'many'> = many<VolumeProvisioner>(
  'controller.volume-provisioner/v1',
)

/** Who made a volume; its provisioner is asked to enlarge it and to give it back. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'

/** All may be called concurrently, but never twice at once for the same claim or volume. A throw is told in an event and tried again later. */
export interface VolumeProvisioner {
  /** "example.com/disk"; the first by plugin id holds where two have the same. */
  readonly name: string
  /**
   * Makes what is behind a volume. Must be idempotent: it is called again with the same `name` when Davit stopped before
   * the PersistentVolume was stored. Of a class that waits for its Pod `node` is where the Pod is to run.
   */
  provision(request: ProvisionRequest, signal: AbortSignal): Promise<ProvisionedVolume | ProvisionRefusal>
  /**
   * The claim is gone, and the policy of the volume is Delete: gives back what is behind it, or sees to it that somebody
   * does before the last finalizer of the PersistentVolume comes off; it is deleted next. Idempotent.
   */
  remove(volume: PersistentVolume, signal: AbortSignal): Promise<ProvisionRefusal | undefined>
  /** Makes a bound volume at least as large; absent: it cannot. Idempotent. Answers the size that it has then. */
  expand?(volume: PersistentVolume, size: string, signal: AbortSignal): Promise<{ readonly size: string } | ProvisionRefusal>
}
export interface ProvisionRequest {
  /** Of the PersistentVolume to be: "pvc-" and the claim's uid. */
  readonly name: string
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
  readonly node?: Node
}
/** What the provisioner knows of the new volume; the controller adds class, claim, policy and access modes. */
export interface ProvisionedVolume {
  /** The source (`local`, `csi`, …), and `nodeAffinity` where not every node reaches it. */
  readonly spec: PersistentVolume['spec']
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Kept on the PersistentVolume until whoever put them there has done its part of the removal. */
  readonly finalizers?: readonly string[]
}
export interface ProvisionRefusal {
  /** What a user reads in an event of the claim or the volume. */
  readonly refused: string
  /** It might do on another node: the scheduler is asked again. */
  readonly elsewhere?: boolean
}
