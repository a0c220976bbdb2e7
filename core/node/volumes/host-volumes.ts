/** emptyDir and hostPath: directories of the node. */

import type { Stats } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HostPathVolumeSource } from '../../kinds/contract.js'
import type { VolumeDriver } from '../contract.js'
import { removeTree } from '../mounts.js'
import { makeDirectory, makeMemoryDirectory, memoryOf } from './memory.js'

/** Lives as long as the Pod. */
export const emptyDirVolumes: VolumeDriver = {
  source: 'emptyDir',
  async mount(request) {
    const { directory, volume } = request
    const { medium = '' } = volume.emptyDir ?? {}
    // Shared by containers of any user.
    if (medium === 'Memory') await makeMemoryDirectory(directory, 0o777, memoryOf(request))
    else if (medium === '') await makeDirectory(directory, 0o777)
    else return { wait: `this node has no emptyDir of medium "${medium}"` }
    return { path: directory, takesGroup: true }
  },
  unmount: ({ directory }) => removeTree(directory),
}

const checks: Readonly<Record<string, (facts: Stats) => boolean>> = {
  Directory: (facts) => facts.isDirectory(),
  DirectoryOrCreate: (facts) => facts.isDirectory(),
  File: (facts) => facts.isFile(),
  FileOrCreate: (facts) => facts.isFile(),
  Socket: (facts) => facts.isSocket(),
  CharDevice: (facts) => facts.isCharacterDevice(),
  BlockDevice: (facts) => facts.isBlockDevice(),
}

export const hostPathVolumes: VolumeDriver = {
  source: 'hostPath',
  mount: ({ volume }) => mountHostPath(volume.hostPath ?? { path: '' }),
  async unmount() {
    // What is the host's stays.
  },
}

/** Also of a PersistentVolume. */
export async function mountHostPath({ path, type = '' }: HostPathVolumeSource): ReturnType<VolumeDriver['mount']> {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 })
  if (type === 'FileOrCreate') await createFile(path)
  const facts = await stat(path).catch(() => undefined)
  const check = checks[type]
  if (check && (!facts || !check(facts))) return { wait: `hostPath type check failed: ${path} is not a ${type}` }
  // Without a type nothing is checked, and what is missing becomes a directory, as container runtimes have it.
  if (!facts) await mkdir(path, { recursive: true, mode: 0o755 })
  return { path }
}

async function createFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await writeFile(path, '', { flag: 'a', mode: 0o644 })
}
