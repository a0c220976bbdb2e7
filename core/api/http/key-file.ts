/** A private key of its own in a file that only its owner may read. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DavitError } from '../../kernel/contract.js'
import { createKey } from './certificate.js'
import { writeAtomically } from './write-file.js'

/** The key that lies there; made where there is none. */
export async function loadKeyFile(path: string): Promise<KeyObject> {
  const stored = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (stored === undefined) return makeKeyFile(path)
  try {
    return createPrivateKey(stored)
  } catch (error) {
    throw new DavitError('DAVIT_PKI_UNREADABLE', `${path} is not a private key`, { cause: error })
  }
}

async function makeKeyFile(path: string): Promise<KeyObject> {
  const key = await createKey()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeAtomically(path, key.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600)
  return key
}
