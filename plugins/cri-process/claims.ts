/**
 * Who has which address. Clusters that know nothing of each other may run on one machine with the same range, and then
 * share a bridge: a file for each address, of all of them, says whose it is. A restart of the machine forgets them all.
 */
import { access, mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AddressPool } from './addresses.js'

export interface Claims {
  /** `owner` is a path that exists as long as the claim is good. */
  take(owner: string): Promise<string>
  /** Idempotent; the claim of another stays. */
  release(address: string, owner: string): Promise<void>
  /** Takes the directory away, unless somebody has an address there. */
  clear(): Promise<void>
}

/** Without a directory there is nobody else to ask. */
export function createClaims(pool: AddressPool, directory: string | undefined): Claims {
  return {
    async take(owner) {
      if (directory === undefined) return pool.take()
      const foreign: string[] = []
      try {
        for (;;) {
          const address = pool.take()
          if (await claim(join(directory, address), owner)) return address
          foreign.push(address)
        }
      } finally {
        for (const address of foreign) pool.release(address)
      }
    },
    async release(address, owner) {
      pool.release(address)
      if (directory === undefined) return
      const file = join(directory, address)
      if ((await ownerOf(file)) === owner) await rm(file, { force: true })
    },
    async clear() {
      if (directory !== undefined) await rmdir(directory).catch(() => {})
    },
  }
}

async function claim(file: string, owner: string): Promise<boolean> {
  for (;;) {
    try {
      await writeFile(file, owner, { flag: 'wx', mode: 0o600 })
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') {
        await mkdir(dirname(file), { recursive: true })
        continue
      }
      if (code !== 'EEXIST') throw error
    }
    const other = await ownerOf(file)
    // Empty: it is being written at this moment.
    if (other === '' || (other !== undefined && (await exists(other)))) return false
    await rm(file, { force: true })
  }
}

function ownerOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
