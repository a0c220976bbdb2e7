import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The bytes of disk that a directory takes, as `du` counts them: blocks, a file with several names once, no other file system.
 * Stops where it is more than `enough`. What goes away meanwhile does not count.
 */
export async function diskUsage(directory: string, enough: number): Promise<number> {
  const root = await lstat(directory).catch(unlessMissing)
  if (!root) return 0
  const seen = new Set<number>()
  const waiting = [directory]
  let bytes = root.blocks * blockBytes
  for (let next = waiting.pop(); next !== undefined && bytes <= enough; next = waiting.pop()) {
    for (const name of (await readdir(next).catch(unlessMissing)) ?? []) {
      const path = join(next, name)
      const facts = await lstat(path).catch(unlessMissing)
      if (!facts || facts.dev !== root.dev || seen.has(facts.ino)) continue
      if (facts.nlink > 1 && !facts.isDirectory()) seen.add(facts.ino)
      bytes += facts.blocks * blockBytes
      if (facts.isDirectory()) waiting.push(path)
    }
  }
  return bytes
}

const blockBytes = 512

function unlessMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  return undefined
}
