/** What is mounted below a directory of the agent, and its removal without touching what lies behind a mount. */
import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { runTool } from './run-tool.js'

/** What file systems in memory are called in the kernel's table, so that nobody else's is ever taken for one of them. */
export const memorySource = 'davit-volume'

/** In the directory of a Pod: what is bound there is data of a volume that lies elsewhere. */
export const subPathsName = 'volume-subpaths'

interface MountPoint {
  readonly path: string
  readonly source: string
  /** What of its file system is seen there: "/" is all of it. */
  readonly root: string
}

/** At `directory` and below it, those that lie on others first. */
export async function mountsBelow(directory: string): Promise<readonly MountPoint[]> {
  const root = await realpath(directory).catch(unlessMissing)
  if (root === undefined) return []
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(unlessMissing)
  return parseMountTable(table ?? '')
    .filter(({ path }) => path === root || path.startsWith(root + sep))
    .reverse()
}

/** In the order in which they were mounted. */
export function parseMountTable(table: string): MountPoint[] {
  const lines = table.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [place = '', system = ''] = line.split(' - ')
    const [, , , root = '', path = ''] = place.split(' ')
    return { path: plain(path), source: plain(system.split(' ')[1] ?? ''), root: plain(root) }
  })
}

/** The kernel writes blanks, tabs, line ends and backslashes as "\040". */
function plain(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/**
 * Unmounts what is mounted at `directory` and below it, then removes it. What lies behind a mount stays, other than in memory
 * that was made for a volume: that is emptied first, for namespaces that have a copy of the mount would keep it.
 */
export async function removeTree(directory: string): Promise<void> {
  await unmountBelow(directory)
  const left = await mountsBelow(directory)
  if (left.length > 0) throw new Error(`${left[0]?.path} is still mounted: nothing below ${directory} is removed`)
  await rm(directory, { recursive: true, force: true })
}

/** Idempotent. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const mount of await mountsBelow(directory)) {
    const { path } = mount
    if (isVolumeInMemory(mount)) await empty(path)
    // Lazily: nothing of it can be reached by this path from now on, whoever still has a file of it open.
    await runTool('umount', ['--no-canonicalize', '--lazy', path])
  }
}

/** Rather than a part of one that is bound to another place, which has the same source: its volume is still in use. */
function isVolumeInMemory({ path, source, root }: MountPoint): boolean {
  return source === memorySource && root === '/' && !path.split(sep).slice(0, -1).includes(subPathsName)
}

/** What is mounted within has been unmounted before. */
async function empty(path: string): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true })
}

function unlessMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  return undefined
}
