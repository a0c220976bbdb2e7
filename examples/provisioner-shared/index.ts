import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { type VolumeProvisioner, VolumeProvisionerToken } from '@davit/core/controller'
import { definePlugin, Type } from '@davit/core/kernel'

/**
 * Makes the volumes of StorageClasses that name it: folders of a directory that all nodes have, say over NFS. The volume
 * controller binds them and deletes them; here is only what is behind a volume. A question may come again with the same name
 * when Davit stopped before the answer was stored. What cannot be is an answer, too: the user reads it in an event.
 */
const shared = (directory: string): VolumeProvisioner => ({
  name: 'example.davit.dev/shared',
  async provision({ name, claim: { spec } }) {
    if (spec.volumeMode === 'Block') return { refused: 'a folder is no block device' }
    const folder = path.join(directory, name)
    await mkdir(folder, { recursive: true })
    return { spec: { capacity: { storage: spec.resources?.requests?.storage ?? '0' }, hostPath: { path: folder } } }
  },
  async remove({ metadata }) {
    await rm(path.join(directory, metadata.name), { recursive: true, force: true })
    return undefined
  },
})

export default definePlugin({
  id: 'provisioner-shared',
  api: '^1.0',
  provides: { provisioner: VolumeProvisionerToken },
  config: { version: 1, schema: Type.Object({ directory: Type.String({ minLength: 1, description: 'What all nodes have.' }) }) },
  setup: async ({ config }) => ({ provides: { provisioner: shared(config.directory) } }),
})

export { shared }
