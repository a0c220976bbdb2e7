/** Where a node's part of a volume lies: the paths that drivers know from kubelets. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface Places {
  /** Sockets of drivers that announce themselves. */
  readonly registry: string
  /** A Pod's volumes of this kind. */
  volumesOf(podUid: string): string
  /** Where a driver mounts a volume once for all Pods of the node. */
  staging(driver: string, volumeHandle: string): string
  readonly pods: string
}

export function placesOf(directory: string): Places {
  const pods = join(directory, 'pods')
  return {
    registry: join(directory, 'plugins_registry'),
    pods,
    volumesOf: (podUid) => join(pods, podUid, 'volumes', 'kubernetes.io~csi'),
    staging: (driver, handle) => join(directory, 'plugins/kubernetes.io/csi', driver, sha256(handle), 'globalmount'),
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** In the directory of a Pod's volume. */
export const dataFile = 'vol_data.json'
export const mountName = 'mount'
