/** The directories of a node's Pods: what they are called, and how they go when nobody is left who knows the Pods. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../kernel/contract.js'
import type { VolumeDriver } from './contract.js'
import { removeTree } from './mounts.js'
import { makeMemoryDirectory } from './volumes/memory.js'

export function podDirectory(nodeDirectory: string, uid: string): string {
  return join(nodeDirectory, 'pods', uid)
}

/**
 * One file system in memory for all that Pods of the node have from the API: to mount one for each volume would be most of what
 * a Pod's start takes on a busy machine. Containers cannot write to it, so none can take another's room.
 */
export function memoryDirectory(nodeDirectory: string): string {
  return join(nodeDirectory, 'memory')
}

/** Looked after at each call, for anybody may have unmounted it; that it is on a disk is told of once. */
export function createMemory(nodeDirectory: string, log: Logger): () => Promise<string> {
  const directory = memoryDirectory(nodeDirectory)
  let isTold = false
  let making: Promise<void> | undefined
  const make = async (): Promise<void> => {
    const reason = await makeMemoryDirectory(directory, 0o755, undefined)
    if (reason === undefined || isTold) return
    isTold = true
    log.warn({ directory, reason }, 'the Secrets and tokens of Pods are not kept in memory on this node, but on its disk')
  }
  return async () => {
    // Two at once would mount it twice.
    making ??= make().finally(() => {
      making = undefined
    })
    await making
    return directory
  }
}

/** The uids of all Pods that have left something on the node. */
export async function podsOnDisk(nodeDirectory: string): Promise<string[]> {
  const names = await Promise.all([join(nodeDirectory, 'pods'), memoryDirectory(nodeDirectory)].map(namesIn))
  return [...new Set(names.flat())]
}

/** Nothing of the Pod runs any more. Idempotent. */
export async function removePodDirectories(nodeDirectory: string, uid: string): Promise<void> {
  await removeTree(join(memoryDirectory(nodeDirectory), uid))
  await removeTree(podDirectory(nodeDirectory, uid))
}

/** The Pods that have left something: those that are still there, and those that went while nobody looked. Never rejects. */
export async function findLeftovers({ directory, log, supports: { hollow } }: NodePlace): Promise<readonly string[]> {
  try {
    return hollow ? [] : await podsOnDisk(directory)
  } catch (error) {
    failed(log, error)
    return []
  }
}

/**
 * Removes what these Pods have left, of which neither the API nor the runtime knows any more: a machine that began anew. What is
 * returned ends it early, and resolves once nothing more is removed; neither rejects.
 */
export function removeLeftovers(
  { directory, log, volumeDrivers }: Omit<NodePlace, 'supports'> & { volumeDrivers(): readonly VolumeDriver[] },
  uids: readonly string[],
): () => Promise<void> {
  const stop = new AbortController()
  const remove = async (): Promise<void> => {
    for (const uid of uids) {
      if (stop.signal.aborted) return
      try {
        for (const driver of volumeDrivers()) await driver.unmountPod?.(uid)
        await removePodDirectories(directory, uid)
      } catch (error) {
        failed(log, error)
      }
    }
  }
  const work = remove()
  return () => {
    stop.abort()
    return work
  }
}
interface NodePlace {
  readonly directory: string
  readonly log: Logger
  readonly supports: { readonly hollow: boolean }
}

function failed(log: Logger, error: unknown): void {
  log.warn({ error: String(error) }, 'files of Pods that are gone are left on the node')
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/**
 * For `davit down`: nothing of any Pod runs on the node any more. Removes the Pods' own volumes and files, with the Secrets and
 * tokens among them; volumes that outlive their Pods stay. Resolves with the number of Pods; idempotent.
 */
export async function purgePodDirectories(nodeDirectory: string): Promise<number> {
  const uids = await podsOnDisk(nodeDirectory)
  for (const uid of uids) await removePodDirectories(nodeDirectory, uid)
  await removeTree(memoryDirectory(nodeDirectory))
  await removeTree(join(nodeDirectory, 'pods'))
  return uids.length
}
