import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { DavitError } from '@davit/core/kernel'

/** What is wrong with a data directory, by the code of the system's error. */
export const problems: Readonly<Record<string, string>> = {
  EACCES: 'this user may not use it',
  EPERM: 'this user may not use it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: "this user's share of its disk is used up",
  ENOTDIR: 'a file stands where a directory should be',
  EEXIST: 'a file stands where a directory should be',
  EISDIR: 'a directory stands where a file should be',
  ENOENT: 'it does not exist and cannot be made',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
}

/** Made at once and by one call for each part: the recursive mkdir of Node.js never returns where /proc refuses. */
export function makeDirectory(directory: string): void {
  const missing: string[] = []
  for (let part = directory; !exists(part); part = path.dirname(part)) missing.unshift(part)
  for (const part of missing) {
    try {
      mkdirSync(part, { mode: 0o700 })
    } catch (error) {
      // Somebody else made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function exists(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found && !found.isDirectory()) throw Object.assign(new Error(`${file} is a file`), { code: 'ENOTDIR' })
  return found !== undefined
}

/** One error for all that can be wrong with it; anything else is what it was. */
export function directoryError(directory: string, error: unknown): unknown {
  const problem = problems[(error as NodeJS.ErrnoException).code ?? '']
  if (problem === undefined) return error
  return new DavitError('DAVIT_DATA_DIRECTORY', `cannot use the data directory ${directory}: ${problem}`, { cause: error })
}
