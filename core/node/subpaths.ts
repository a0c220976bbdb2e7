/**
 * A path below a volume, held so that nobody can move it: containers may swap a directory of their volume for a link between
 * the moment when the agent looks and the moment when the runtime mounts. Each part is opened within the one before without
 * following links, and what was opened is bound to a place that no container sees.
 */
import { constants, type Stats } from 'node:fs'
import { chmod, chown, type FileHandle, mkdir, open, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unmountBelow } from './mounts.js'
import { runTool } from './run-tool.js'

/** Of Linux; Node has no name for it: opens without a right to read, and without doing what opening a device or pipe does. */
const pathOnly = 0o10000000
export const unfollowed = pathOnly | constants.O_NOFOLLOW

/** To chown: leave it as it is. */
const unchanged = -1

/** `parts`: below `root`, which is real. Makes what is missing, for those whom the volume is for. Whoever calls closes it. */
export async function openBelow(root: string, parts: readonly string[]): Promise<FileHandle> {
  let handle = await open(root, unfollowed | constants.O_DIRECTORY)
  const volume = await handle.stat()
  for (const [index, part] of parts.entries()) {
    const next = await openPart(handle, part, index < parts.length - 1, volume).finally(() => handle.close())
    handle = next
  }
  return handle
}

async function openPart(parent: FileHandle, part: string, mustBeDirectory: boolean, volume: Stats): Promise<FileHandle> {
  const path = `${pathOf(parent)}/${part}`
  const handle = await open(path, unfollowed | (mustBeDirectory ? constants.O_DIRECTORY : 0)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return makePart(path, volume)
  })
  if (!(await handle.stat()).isSymbolicLink()) return handle
  await handle.close()
  throw new Error(`"${part}" became a link`)
}

/** With the mode and the group of the volume, as a kubelet makes it: whoever may write to the volume may write here too. */
async function makePart(path: string, volume: Stats): Promise<FileHandle> {
  const isMade = await mkdir(path, { mode: 0o755 }).then(() => true, unlessThere)
  const handle = await open(path, unfollowed | constants.O_DIRECTORY)
  try {
    // What holds something by now was put in its place by a container, and must not be opened to others.
    if (isMade && (await readdir(pathOf(handle))).length === 0) await makeLike(volume, handle).catch(unlessForbidden)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function makeLike({ mode, gid }: Stats, handle: FileHandle): Promise<void> {
  if ((await handle.stat()).gid !== gid) await chown(pathOf(handle), unchanged, gid)
  // The mode given to mkdir would be cut by the process's mask. A sticky bit is the volume's own affair.
  await chmod(pathOf(handle), mode & 0o2777)
}

/** A path that leads to what was opened, wherever it is called from, and whatever its name leads to by now. */
export function pathOf(handle: FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}`
}

/** Binds what was opened to `place`. Idempotent: what is bound there already is left, and anything else is replaced. */
export async function bindTo(handle: FileHandle, place: string): Promise<void> {
  const wanted = await handle.stat()
  const present = await stat(place).catch(() => undefined)
  if (present?.ino === wanted.ino && present.dev === wanted.dev) return
  await unmountBelow(place)
  await mkdir(wanted.isDirectory() ? place : dirname(place), { recursive: true, mode: 0o750 })
  if (!wanted.isDirectory()) await writeFile(place, '', { flag: 'a', mode: 0o640 })
  await runTool('mount', ['--no-canonicalize', '--bind', pathOf(handle), place])
}

function unlessThere(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  return false
}

/** Not root, or a file system that gives nothing away: then it stays as it was made. */
function unlessForbidden(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
}
