/** The keys that tokens of service accounts are signed and verified with. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DavitError } from '../kernel/contract.js'
import { keyIdOf } from './jwt.js'

export interface VerifyingKey {
  readonly publicKey: KeyObject
  readonly id: string
}
export interface TokenKeys {
  readonly privateKey: KeyObject
  /** Of the key that signs. */
  readonly id: string
  /** The one that signs first, then those of before, by name of their files. */
  readonly verifying: readonly VerifyingKey[]
}

const signing = 'service-account.key'
/** "service-account-2026.key", or its public half alone. */
const former = /^service-account-.+\.(?:key|pub)$/

/** The key that signs is made where there is none. '' for the directory: it is made, and never stored. */
export async function loadTokenKeys(dataDirectory: string): Promise<TokenKeys> {
  if (dataDirectory === '') {
    const { createKey } = await import('./http/certificate.js')
    return keysOf(await createKey(), [])
  }
  const directory = join(resolve(dataDirectory), 'pki')
  const { loadKeyFile } = await import('./http/key-file.js')
  const privateKey = await loadKeyFile(join(directory, signing))
  const names = (await readdir(directory)).filter((name) => former.test(name)).sort()
  return keysOf(privateKey, await Promise.all(names.map((name) => readPublicKey(join(directory, name)))))
}

function keysOf(privateKey: KeyObject, others: readonly KeyObject[]): TokenKeys {
  const verifying = [createPublicKey(privateKey), ...others].map((publicKey) => ({ publicKey, id: keyIdOf(publicKey) }))
  const known = new Map(verifying.map((key) => [key.id, key]))
  return { privateKey, id: verifying[0]?.id ?? '', verifying: [...known.values()] }
}

async function readPublicKey(path: string): Promise<KeyObject> {
  const text = await readFile(path, 'utf8')
  try {
    return createPublicKey(text)
  } catch (error) {
    throw new DavitError('DAVIT_PKI_UNREADABLE', `${path} is not a key`, { cause: error })
  }
}
