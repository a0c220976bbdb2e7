/** Which volumes a node is to have. Pure. */
import {
  attachmentName,
  ephemeralClaimName,
  isVolumeOfClaim,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type VolumeAttachment,
} from '@davit/core/kinds'

export interface Known {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  /** Whether volumes of this driver are attached before they are mounted: what a driver says nothing of counts as yes. */
  attaches(driver: string): boolean
}

/** The claims behind a Pod's volumes. */
export function claimsOf(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.ephemeral) return [ephemeralClaimName(pod, volume.name)]
    return volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : []
  })
}

/** By name, as the node's agent looks for them. */
export function wantedAttachments(node: string, pods: readonly Pod[], known: Known): ReadonlyMap<string, VolumeAttachment> {
  const wanted = new Map<string, VolumeAttachment>()
  for (const pod of pods) {
    for (const volume of volumesOf(pod, known)) {
      const { driver = '', volumeHandle = '' } = volume.spec.csi ?? {}
      const name = attachmentName(driver, volumeHandle, node)
      if (driver !== '' && known.attaches(driver)) wanted.set(name, attachment(name, driver, volume, node))
    }
  }
  return wanted
}

function volumesOf(pod: Pod, known: Known): PersistentVolume[] {
  return claimsOf(pod).flatMap((name) => {
    const claim = known.claim(pod.metadata.namespace ?? '', name)
    const volume = known.volume(claim?.spec.volumeName ?? '')
    return claim && volume && isVolumeOfClaim(volume, claim) ? [volume] : []
  })
}

function attachment(name: string, attacher: string, volume: PersistentVolume, nodeName: string): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name },
    spec: { attacher, nodeName, source: { persistentVolumeName: volume.metadata.name } },
  }
}
