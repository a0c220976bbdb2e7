/**
 * A path below a volume, held so that nobody can move it: containers may swap a directory of their volume for a link between
 * the moment when the agent looks and the moment when the runtime mounts. Each part is opened within the one before without
 * following links, and what was opened is bound to a place that no container sees.
 */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unmountBelow } from './mounts.js'
import { runTool } from './run-tool.js'

/** Of Linux; Node has no name for it: opens without a right to read, and without doing what opening a device or pipe does. */
const pathOnly = 0o10000000
const within = pathOnly | constants.O_NOFOLLOW

/** `parts`: below `root`, which is real. Makes what is missing. Whoever calls closes it. */
export async function openBelow(root: string, parts: readonly string[]): Promise<FileHandle> {
  let handle = await open(root, within | constants.O_DIRECTORY)
  for (const [index, part] of parts.entries()) {
    const next = await openPart(handle, part, index < parts.length - 1).finally(() => handle.close())
    handle = next
  }
  return handle
}

async function openPart(parent: FileHandle, part: string, mustBeDirectory: boolean): Promise<FileHandle> {
  const path = `${pathOf(parent)}/${part}`
  const flags = within | (mustBeDirectory ? constants.O_DIRECTORY : 0)
  const handle = await open(path, flags).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(path, { mode: 0o755 }).catch(unlessThere)
    return open(path, flags)
  })
  if (!(await handle.stat()).isSymbolicLink()) return handle
  await handle.close()
  throw new Error(`"${part}" became a link`)
}

/** A path that leads to what was opened, wherever it is called from, and whatever its name leads to by now. */
function pathOf(handle: FileHandle): string {
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

function unlessThere(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
}
