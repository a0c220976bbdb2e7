import type { Clock } from '@davit/core/kernel'
import { pauseArchive, pauseImageId } from '@davit/core/node'
import type { Client } from './client.js'
import { command } from './command.js'
import { askRuntime } from './runtime-status.js'

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
/** Where containerd's CRI keeps its images. */
const namespace = 'k8s.io'

/** How long the runtime may take to learn of an import, which it does by an event of its own. */
const longestWait = 5_000

/**
 * Sees to it that the image that the runtime holds sandboxes with is there, under the name that the runtime has for it.
 * The interface has no call for that, so `ctr` does it, which comes with containerd; where it is missing (CRI-O), the
 * runtime fetches its image from a registry by itself. Idempotent.
 */
export async function ensurePauseImage(client: Client, clock: Clock, socket: string): Promise<void> {
  const { sandboxImage } = await askRuntime(client)
  if (sandboxImage === undefined) return
  const present = async (): Promise<boolean> => {
    return (await client.call('ImageStatus', { image: { image: sandboxImage } })).image !== null
  }
  if (await present()) return
  const archive = pauseArchive(architecture, sandboxImage)
  try {
    await command('ctr', ['--address', socket, '--namespace', namespace, 'images', 'import', '--no-unpack', '-'], archive)
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return
    // Another node of the same runtime was faster by a moment.
    if (!/already exists/.test((error as Error).message)) throw error
  }
  const deadline = clock.monotonic() + longestWait
  while (!(await present())) {
    if (clock.monotonic() > deadline) throw new Error(`the runtime does not see the image ${sandboxImage} that was imported`)
    await clock.sleep(10)
  }
}

/** Removes it if it is ours; it is made again when it is needed. Idempotent. */
export async function removePauseImage(client: Client): Promise<void> {
  const { sandboxImage } = await askRuntime(client)
  if (sandboxImage === undefined) return
  const { image } = await client.call('ImageStatus', { image: { image: sandboxImage } })
  if (image?.id === pauseImageId(architecture)) await client.call('RemoveImage', { image: { image: sandboxImage } })
}
