/** emptyDir and hostPath: directories of the node. */

import type { Stats } from 'node:fs'
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HostPathVolumeSource } from '../../kinds/contract.js'
import type { VolumeDriver } from '../contract.js'

/** Lives as long as the Pod. `medium: Memory` is a directory like any other: nobody is refused for the lack of a tmpfs. */
export const emptyDirVolumes: VolumeDriver = {
  source: 'emptyDir',
  async mount({ directory }) {
    await mkdir(directory, { recursive: true })
    // Shared by containers of any user; the mode given to mkdir would be cut by the process's mask.
    await chmod(directory, 0o777)
    return { path: directory, takesGroup: true }
  },
  unmount: ({ directory }) => rm(directory, { recursive: true, force: true }),
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
