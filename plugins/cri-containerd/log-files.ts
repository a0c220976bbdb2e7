import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The rotated files of a log, the oldest first: "0.log.2", "0.log.1". */
export async function rotatedFiles(file: string): Promise<string[]> {
  const prefix = `${basename(file)}.`
  const names = await readdir(dirname(file)).catch(() => [])
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .sort((one, two) => Number(two.slice(prefix.length)) - Number(one.slice(prefix.length)))
    .map((name) => join(dirname(file), name))
}
