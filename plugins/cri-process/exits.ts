/** Hears of containers that ended: their supervisors, Davit's children or not, put a file each into one directory. */
import { watch } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'

export interface Ending {
  readonly exitCode: number
  readonly finishedAt: number
  readonly outOfMemory: boolean
}

/** undefined: it has not ended. */
export async function readEnding(path: string): Promise<Ending | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const [exitCode = 137, killed = 0] = text.trim().split(' ').map(Number)
    return { exitCode, finishedAt: Math.floor(mtimeMs), outOfMemory: killed > 0 && exitCode !== 0 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** For a container whose supervisor was killed: nobody else can say any more how it ended. */
export function writeEnding(path: string): Promise<void> {
  return writeFile(path, '137 0\n')
}

/** Calls `heard` with the id of each container that ends from now on. Returns what stops it. */
export function watchExits(directory: string, heard: (id: string) => void): () => void {
  const watcher = watch(directory, (_event, name) => {
    if (name !== null) return heard(name)
    // The kernel lost count: everything is looked at again.
    readdir(directory).then(
      (names) => names.forEach(heard),
      () => {},
    )
  })
  // The directory itself goes when the node is purged.
  watcher.on('error', () => watcher.close())
  return () => watcher.close()
}
