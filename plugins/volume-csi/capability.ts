/** What a volume is to be able to do, in the driver's terms. */
import type { PersistentVolume } from '@davit/core/kinds'
import type { AccessMode, NodeCapability, Sent } from './messages.js'

export interface Wish {
  readonly accessModes: readonly string[]
  readonly fsType: string | undefined
  readonly mountOptions: readonly string[]
  /** Of the Pod: the group that the driver itself gives the files to, where it can. */
  readonly fsGroup: number | undefined
}

export function volumeCapability(wish: Wish, offered: ReadonlySet<NodeCapability>): Sent<'VolumeCapability'> {
  const group = offered.has('VOLUME_MOUNT_GROUP') && wish.fsGroup !== undefined ? { volumeMountGroup: `${wish.fsGroup}` } : {}
  return {
    mount: { fsType: wish.fsType ?? '', mountFlags: [...wish.mountOptions], ...group },
    accessMode: { mode: accessModeOf(wish.accessModes, offered.has('SINGLE_NODE_MULTI_WRITER')) },
  }
}

/** The widest of a volume's modes, as a kubelet chooses. Drivers of today tell one writer from several of one node. */
export function accessModeOf(modes: readonly string[], tellsWriters: boolean): AccessMode {
  if (modes.includes('ReadWriteMany')) return 'MULTI_NODE_MULTI_WRITER'
  if (modes.includes('ReadOnlyMany') && modes.includes('ReadWriteOnce')) return 'MULTI_NODE_SINGLE_WRITER'
  if (modes.includes('ReadOnlyMany')) return 'MULTI_NODE_READER_ONLY'
  if (modes.includes('ReadWriteOncePod') && tellsWriters) return 'SINGLE_NODE_SINGLE_WRITER'
  return tellsWriters ? 'SINGLE_NODE_MULTI_WRITER' : 'SINGLE_NODE_WRITER'
}

export function wishOf({ spec }: PersistentVolume, fsGroup: number | undefined): Wish {
  return {
    accessModes: spec.accessModes ?? [],
    fsType: spec.csi?.fsType,
    mountOptions: spec.mountOptions ?? [],
    fsGroup,
  }
}
