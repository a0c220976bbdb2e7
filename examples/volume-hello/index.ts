import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { definePlugin } from '@davit/core/kernel'
import { type VolumeDriver, VolumeToken } from '@davit/core/node'

/**
 * Serves one kind of volume: the field of a Pod's volume that says what it is, here `flexVolume`. The agent calls `mount`
 * before it creates the containers, and again whenever something may have changed, so it makes the same of the same; and
 * `unmount` when no container uses the volume, perhaps without a `mount` before. What cannot be done yet is an answer,
 * which the user reads in the Pod's events, and not an exception.
 */
const hello: VolumeDriver = {
  source: 'flexVolume',
  async mount({ volume, directory, pod }) {
    const { driver, options } = volume.flexVolume ?? {}
    if (driver !== 'example.davit.dev/hello') return { wait: `there is no flexVolume driver "${driver}"` }
    await mkdir(directory, { recursive: true })
    await writeFile(path.join(directory, 'hello.txt'), `hello ${options?.to ?? pod.metadata.name}\n`)
    return { path: directory }
  },
  unmount: ({ directory }) => rm(directory, { recursive: true, force: true }),
}

export default definePlugin({
  id: 'volume-hello',
  api: '^1.0',
  provides: { volume: VolumeToken },
  setup: async () => ({ provides: { volume: hello } }),
})
