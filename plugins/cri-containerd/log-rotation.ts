/**
 * Keeps logs from filling the disk: a file that has grown beyond the limit is renamed, and the runtime told to begin a
 * new one. A log that is silent costs nothing: its file is watched, and looked at every ten seconds only while it grows.
 */
import { type FSWatcher, watch } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import type { Clock, Logger, Timer } from '@davit/core/kernel'
import type { Client } from './client.js'
import { rotatedFiles } from './log-files.js'

export interface Rotation {
  /** Idempotent. */
  follow(id: string, file: string): void
  stop(id: string): void
  close(): void
}

export interface RotationParts {
  readonly client: Pick<Client, 'call'>
  readonly clock: Clock
  readonly log: Logger
  readonly maxSize: number
  readonly maxFiles: number
}

export const lookEveryMs = 10_000

interface Followed {
  readonly file: string
  size: number
  watcher?: FSWatcher | undefined
  timer?: Timer | undefined
}

export function createRotation(parts: RotationParts): Rotation {
  const { clock, log, maxSize } = parts
  const all = new Map<string, Followed>()

  const rest = (followed: Followed): void => {
    followed.watcher?.close()
    followed.timer?.cancel()
    followed.watcher = undefined
    followed.timer = undefined
  }
  const listen = (id: string, followed: Followed): void => {
    const onChange = (): void => {
      rest(followed)
      if (all.get(id) === followed) followed.timer = clock.setTimer(lookEveryMs, () => void look(id, followed), { unref: true })
    }
    try {
      followed.watcher = watch(followed.file, { persistent: false }, onChange)
      followed.watcher.on('error', onChange)
    } catch {
      // Not written yet.
      onChange()
    }
  }
  const look = async (id: string, followed: Followed): Promise<void> => {
    const before = followed.size
    const { size } = await stat(followed.file).catch(() => ({ size: 0 }))
    followed.size = size
    if (size > maxSize) {
      await rotate(parts, id, followed.file).catch((error: unknown) => {
        log.warn({ file: followed.file, error: String(error) }, 'a log cannot be rotated')
      })
      followed.size = 0
    }
    if (all.get(id) !== followed) return
    if (size === before) return listen(id, followed)
    followed.timer = clock.setTimer(lookEveryMs, () => void look(id, followed), { unref: true })
  }

  return {
    follow(id, file) {
      if (all.has(id) || file === '') return
      const followed = { file, size: 0 }
      all.set(id, followed)
      listen(id, followed)
    },
    stop(id) {
      const followed = all.get(id)
      all.delete(id)
      if (followed) rest(followed)
    },
    close() {
      for (const followed of all.values()) rest(followed)
      all.clear()
    },
  }
}

/** Renames the file and those before it, and drops the oldest. Undone when the runtime does not begin a new one. */
export async function rotate({ client, maxFiles }: RotationParts, id: string, file: string): Promise<void> {
  if (maxFiles === 1) {
    await rm(file)
    await client.call('ReopenContainerLog', { containerId: id })
    return
  }
  const older = await rotatedFiles(file)
  for (const path of older) {
    const number = Number(path.slice(file.length + 1))
    if (number + 1 >= maxFiles) await rm(path, { force: true })
    else await rename(path, `${file}.${number + 1}`)
  }
  await rename(file, `${file}.1`)
  try {
    await client.call('ReopenContainerLog', { containerId: id })
  } catch (error) {
    await rename(`${file}.1`, file)
    throw error
  }
}
