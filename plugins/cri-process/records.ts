/** What is kept of sandboxes and containers, one file each, written whole or not at all. */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerConfig, PortMapping, Sandbox } from '@davit/core/node'

export interface SandboxRecord {
  readonly sandbox: Sandbox
  readonly hostname: string
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly shareProcessNamespace: boolean
  /** The node's end of its link; absent on the machine's network. */
  readonly link?: string
  readonly portMappings: readonly PortMapping[]
  readonly resolvConf: boolean
}

export interface ContainerRecord {
  readonly id: string
  readonly sandboxId: string
  readonly createdAt: number
  readonly config: ContainerConfig
  /** Its rights, as arguments of setpriv; empty: none of setpriv. */
  readonly rights: readonly string[]
  /** All that the program sees as its environment. */
  readonly environment: readonly string[]
}

export async function writeRecord(path: string, record: SandboxRecord | ContainerRecord): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export interface Loaded<T> {
  readonly records: readonly T[]
  /** Directories whose making was cut short: there is nothing to keep in them. */
  readonly broken: readonly string[]
}

export async function loadRecords<T>(directory: string, fileName: string): Promise<Loaded<T>> {
  const names = await readdir(directory).catch(() => [])
  const records: T[] = []
  const broken: string[] = []
  for (const name of names) {
    try {
      records.push(JSON.parse(await readFile(join(directory, name, fileName), 'utf8')) as T)
    } catch {
      broken.push(name)
    }
  }
  return { records, broken }
}
