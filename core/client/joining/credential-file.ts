/** A private key and its certificate in one file, so that no crash can tear them apart. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeAtomically } from '../../api/contract.js'
import type { KeyAndCertificate } from '../contract.js'

export interface Credential extends KeyAndCertificate {
  readonly parsed: X509Certificate
}

/** What lies there; undefined where nothing does, or what does is of no use. */
export async function readCredential(file: string): Promise<Credential | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const [certificate] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/.exec(text) ?? []
  const [key] = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----\n?/.exec(text) ?? []
  if (certificate === undefined || key === undefined) return undefined
  try {
    const parsed = new X509Certificate(certificate)
    return parsed.checkPrivateKey(createPrivateKey(key)) ? { key, certificate, parsed } : undefined
  } catch {
    return undefined
  }
}

export function writeCredential(file: string, { key, certificate }: KeyAndCertificate): Promise<void> {
  return writePrivate(file, `${certificate.trimEnd()}\n${key.trimEnd()}\n`)
}

/** Whole or not at all, and for the owner alone. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const directory = dirname(file)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  await writeAtomically(file, text, 0o600)
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export const credentialFiles = { authority: 'ca.crt', client: 'node-client.pem', serving: 'node-serving.pem' } as const
