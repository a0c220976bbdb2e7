/**
 * Files that change all at once. They lie in a hidden directory `..<time>.<number>`; the link `..data` points to it, and
 * each visible name is a link through `..data`. A reader sees the old files or the new ones, never a mixture.
 */
import type { Stats } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface AtomicFile {
  /** Relative, without "..". */
  readonly path: string
  readonly data: Uint8Array
  readonly mode: number
  /** Absent: the node's own. */
  readonly owner?: { readonly user?: number; readonly group?: number }
}

/** To chown: leave it as it is. */
const unchanged = -1

/** Makes `directory` hold exactly `files`. Writes nothing where it already does. */
export async function writeAtomically(directory: string, files: readonly AtomicFile[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const present = await currentVersion(directory)
  const isCurrent = present !== undefined && (await holds(join(directory, present), files))
  const version = isCurrent ? present : await makeVersion(directory, files, present)
  // Also of a version that is current: whoever made it may have been killed before these two.
  await linkNames(directory, files)
  await removeOld(directory, version, files)
}

async function makeVersion(directory: string, files: readonly AtomicFile[], present: string | undefined): Promise<string> {
  const version = await writeVersion(directory, files, nextVersion(present))
  await rm(join(directory, '..data_tmp'), { force: true })
  await symlink(version, join(directory, '..data_tmp'))
  await rename(join(directory, '..data_tmp'), join(directory, '..data'))
  return version
}

async function currentVersion(directory: string): Promise<string | undefined> {
  return readlink(join(directory, '..data')).catch(() => undefined)
}

// Counted rather than stamped with the time: the same steps give the same names.
function nextVersion(present: string | undefined): string {
  const count = Number(/^\.\.version_(\d+)$/.exec(present ?? '')?.[1] ?? 0)
  return `..version_${count + 1}`
}

async function writeVersion(directory: string, files: readonly AtomicFile[], version: string): Promise<string> {
  const root = join(directory, version)
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { mode: 0o755 })
  for (const file of files) {
    const path = join(root, file.path)
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await writeFile(path, file.data)
    // After the write: the mode given to it is cut by the process's mask.
    await chmod(path, file.mode)
    if (file.owner) await chown(path, file.owner.user ?? unchanged, file.owner.group ?? unchanged)
  }
  return version
}

async function holds(root: string, files: readonly AtomicFile[]): Promise<boolean> {
  const present = await filesUnder(root)
  if (present.length !== files.length) return false
  for (const file of files) {
    const path = join(root, file.path)
    const [data, facts] = await Promise.all([readFile(path), stat(path)]).catch(() => [undefined, undefined])
    if (!data?.equals(file.data) || !facts || !isLike(facts, file)) return false
  }
  return true
}

function isLike({ mode, uid, gid }: Stats, { mode: wanted, owner }: AtomicFile): boolean {
  return (mode & 0o777) === wanted && (owner?.user ?? uid) === uid && (owner?.group ?? gid) === gid
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

/** The first part of each path; those are the links. */
function topNames(files: readonly AtomicFile[]): Set<string> {
  return new Set(files.map((file) => file.path.split('/')[0] ?? ''))
}

async function linkNames(directory: string, files: readonly AtomicFile[]): Promise<void> {
  for (const name of topNames(files)) {
    const target = join('..data', name)
    const path = join(directory, name)
    if ((await readlink(path).catch(() => undefined)) === target) continue
    await rm(path, { recursive: true, force: true })
    await symlink(target, path)
  }
}

async function removeOld(directory: string, version: string, files: readonly AtomicFile[]): Promise<void> {
  const keep = new Set([...topNames(files), '..data', version])
  for (const name of await readdir(directory)) {
    if (!keep.has(name)) await rm(join(directory, name), { recursive: true, force: true })
  }
}
