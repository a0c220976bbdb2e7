/**
 * Who has to undo what it mounted for a Pod's volume, in a file beside the volume's directory: a plugin may be gone when the Pod
 * ends, and what it has mounted must not be forgotten. Names of volumes have no dots, so that none is such a file.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'

const fileOf = (directory: string): string => `${directory}.driver`

/** Before the driver is asked, so that nothing it mounts is ever unknown. */
export async function recordDriver(directory: string, name: string): Promise<void> {
  await writeFile(fileOf(directory), name)
}

export async function recordedDriver(directory: string): Promise<string | undefined> {
  return readFile(fileOf(directory), 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
    return undefined
  })
}

/** Once all is undone. Idempotent. */
export async function forgetDriver(directory: string): Promise<void> {
  await rm(fileOf(directory), { force: true })
}
