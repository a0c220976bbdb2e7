/** A volume of a Pod that has an `fsGroup`: its files become the group's, which may read and write them. */
import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const forFiles = 0o660
/** What is made in a directory is the group's too. */
const forDirectories = 0o2770

/** `unlessRoot`: a directory that is the group's already is believed to hold nothing that is not. */
export async function giveToGroup(root: string, group: number, unlessRoot: boolean): Promise<void> {
  const facts = await lstat(root)
  if (unlessRoot && facts.gid === group && (facts.mode & forDirectories) === forDirectories) return
  await give(root, group)
}

/** From within: a directory that looks right has right contents, wherever it was cut short. */
async function give(path: string, group: number): Promise<void> {
  const facts = await lstat(path)
  if (facts.isDirectory()) for (const name of await readdir(path)) await give(join(path, name), group)
  if (facts.gid !== group) await lchown(path, facts.uid, group)
  // A link has no mode of its own: the one that it leads to would change.
  if (facts.isSymbolicLink()) return
  const mode = (facts.mode & 0o7777) | (facts.isDirectory() ? forDirectories : forFiles)
  await chmod(path, mode)
}
