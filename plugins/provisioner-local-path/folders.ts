/** The node's side: a folder for each volume, directly below the directory that the node keeps for volumes. */
import { chmod, mkdir, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { provisionedByAnnotation } from '@davit/core/controller'
import type { PersistentVolume } from '@davit/core/kinds'
import type { PersistentVolumeDriver, VolumePlace } from '@davit/core/node'
import { folderFinalizer, provisionerName } from './names.js'

export const folders: PersistentVolumeDriver = {
  name: 'local-path',
  serves({ metadata, spec }) {
    return spec.local !== undefined && metadata.annotations?.[provisionedByAnnotation] === provisionerName
  },
  async mount({ persistentVolume, place }) {
    const path = folderOf(persistentVolume, place)
    if (path === undefined) return { wait: strange(persistentVolume, place) }
    await mkdir(path, { recursive: true })
    // Of any user's containers; the mode given to mkdir would be cut by the process's mask.
    await chmod(path, 0o777)
    return { path }
  },
  removal: {
    finalizer: folderFinalizer,
    async remove(volume, place) {
      // Of a volume that is to be kept only the object goes.
      if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return
      const path = folderOf(volume, place)
      if (path === undefined) throw new Error(strange(volume, place))
      await rm(path, { recursive: true, force: true })
    },
  },
}

/**
 * Whoever may write volumes could name any path of the node: only a folder of the volume's own name, where the node keeps
 * volumes, is ever made or removed.
 */
function folderOf({ metadata, spec }: PersistentVolume, { directory }: VolumePlace): string | undefined {
  const own = join(directory, metadata.name)
  return basename(own) === metadata.name && resolve(spec.local?.path ?? '') === own ? own : undefined
}

function strange({ spec }: PersistentVolume, { directory, nodeName }: VolumePlace): string {
  return `the path "${spec.local?.path}" is no folder of a volume of node "${nodeName}": those lie in ${directory}`
}
