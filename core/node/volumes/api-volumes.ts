/** configMap, secret, downwardAPI and projected: volumes whose files come from objects of the API. */
import type { Pod } from '../../kinds/contract.js'
import type { VolumeDriver, VolumeRequest } from '../contract.js'
import { removeTree } from '../mounts.js'
import { type AtomicFile, writeAtomically } from './atomic.js'
import { defaultFileMode } from './keys.js'
import { configMapFiles, downwardFiles, type Files, secretFiles } from './sources.js'
import { tokenFiles } from './token-files.js'

function apiVolume(source: string, files: (request: VolumeRequest) => Promise<Files> | Files): VolumeDriver {
  return {
    source,
    inMemory: true,
    async mount(request) {
      const found = await files(request)
      if ('wait' in found) return found
      await writeAtomically(request.directory, forGroup(request.pod, found.files))
      // What stands there is the API's, and the next change would undo what anybody writes.
      return { path: request.directory, readOnly: true }
    },
    unmount: ({ directory }) => removeTree(directory),
  }
}

/** A Pod's group may read what is in its volumes, whatever their modes say. */
function forGroup({ spec }: Pod, files: readonly AtomicFile[]): readonly AtomicFile[] {
  const group = spec.securityContext?.fsGroup
  if (group === undefined) return files
  return files.map((file) => ({ ...file, mode: file.mode | 0o440, owner: { ...file.owner, group } }))
}

export const configMapVolumes = apiVolume('configMap', ({ pod, volume, read }) => {
  const source = volume.configMap ?? {}
  return configMapFiles(pod, source, source.defaultMode ?? defaultFileMode, read)
})

export const secretVolumes = apiVolume('secret', ({ pod, volume, read }) => {
  const { secretName = '', items, optional, defaultMode = defaultFileMode } = volume.secret ?? {}
  return secretFiles(pod, { name: secretName, items, optional }, defaultMode, read)
})

export const downwardVolumes = apiVolume('downwardAPI', ({ pod, volume }) => {
  const { items = [], defaultMode = defaultFileMode } = volume.downwardAPI ?? {}
  return downwardFiles(pod, items, defaultMode)
})

/** Later sources win where two give the same path. */
export const projectedVolumes = apiVolume('projected', async ({ pod, volume, read }) => {
  const { sources = [], defaultMode = defaultFileMode } = volume.projected ?? {}
  const files = new Map<string, AtomicFile>()
  for (const source of sources) {
    let found: Files = { files: [] }
    if (source.configMap) found = await configMapFiles(pod, source.configMap, defaultMode, read)
    else if (source.secret) found = await secretFiles(pod, source.secret, defaultMode, read)
    else if (source.downwardAPI) found = downwardFiles(pod, source.downwardAPI.items ?? [], defaultMode)
    else if (source.serviceAccountToken) found = await tokenFiles(pod, source.serviceAccountToken, defaultMode, read)
    if ('wait' in found) return found
    for (const file of found.files) files.set(file.path, file)
  }
  return { files: [...files.values()] }
})
