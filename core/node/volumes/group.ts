/** A volume of a Pod that has an `fsGroup`: its files become the group's, which may read and write them. */
import { chmod, chown, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathOf, unfollowed } from '../subpaths.js'

const forFiles = 0o660
/** What is made in a directory is the group's too. */
const forDirectories = 0o2770

/** `unlessRoot`: a directory that is the group's already is believed to hold nothing that is not. */
export async function giveToGroup(root: string, group: number, unlessRoot: boolean): Promise<void> {
  const facts = await lstat(root)
  if (unlessRoot && facts.gid === group && (facts.mode & forDirectories) === forDirectories) return
  await give(root, group)
}

/**
 * From within: a directory that looks right has right contents, wherever it was cut short. Others may have the volume already:
 * what goes away meanwhile is nobody's to give, and what was looked at is what is changed, whatever has its name by then.
 */
async function give(path: string, group: number): Promise<void> {
  const handle = await open(path, unfollowed).catch(unlessGone)
  if (!handle) return
  try {
    const facts = await handle.stat()
    const opened = pathOf(handle)
    if (facts.isDirectory())
      for (const name of (await readdir(opened).catch(unlessGone)) ?? []) await give(join(opened, name), group)
    if (facts.gid !== group) await chown(opened, facts.uid, group)
    // A link has no mode of its own.
    if (facts.isSymbolicLink()) return
    await chmod(opened, (facts.mode & 0o7777) | (facts.isDirectory() ? forDirectories : forFiles))
  } finally {
    await handle.close()
  }
}

function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  return undefined
}
