/**
 * In which runtimes a node may have containers on this machine: a file in its directory, one id a line, the latest last.
 * A runtime is noted before anything is made in it, and forgotten once all of the node is removed from it.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The latest last. */
export async function usedRuntimes(dataDirectory: string, node: string): Promise<readonly string[]> {
  try {
    return (await readFile(fileOf(dataDirectory, node), 'utf8')).split('\n').filter((line) => line !== '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

export async function noteRuntime(dataDirectory: string, node: string, runtime: string): Promise<void> {
  const before = await usedRuntimes(dataDirectory, node)
  if (before.at(-1) !== runtime) await write(dataDirectory, node, [...before.filter((id) => id !== runtime), runtime])
}

export async function forgetRuntime(dataDirectory: string, node: string, runtime: string): Promise<void> {
  const before = await usedRuntimes(dataDirectory, node)
  if (!before.includes(runtime)) return
  const after = before.filter((id) => id !== runtime)
  if (after.length === 0) await rm(fileOf(dataDirectory, node), { force: true })
  else await write(dataDirectory, node, after)
}

/** Whole or not at all: a process may be killed between any two lines. */
async function write(dataDirectory: string, node: string, runtimes: readonly string[]): Promise<void> {
  const file = fileOf(dataDirectory, node)
  await mkdir(join(dataDirectory, 'nodes', node), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, `${runtimes.join('\n')}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

function fileOf(dataDirectory: string, node: string): string {
  return join(dataDirectory, 'nodes', node, 'runtimes')
}
