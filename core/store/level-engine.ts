import type { Clock, Logger } from '../kernel/contract.js'
import type { Disk } from './disk.js'
import { Engine } from './engine.js'
import { LevelDisk } from './level-disk.js'
import { load } from './load.js'
import { defaultRetention, type RetentionOptions } from './retention.js'

export interface LevelStoreOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly directory: string
  readonly cacheSize?: number
  readonly ringBytes?: number
  readonly retention?: RetentionOptions
  /** Stands between the engine and the disk. For tests that make writes fail. */
  readonly wrap?: (disk: Disk) => Disk
}

export const defaultCacheSize = 8 * 1024 * 1024
export const defaultRingBytes = 8 * 1024 * 1024

/** The store on LevelDB in one directory, which it makes when it is missing and locks while it is open. */
export async function openLevelStore(options: LevelStoreOptions): Promise<Engine> {
  const { clock, log, directory, cacheSize = defaultCacheSize, wrap = (disk: Disk) => disk } = options
  const disk = wrap(await LevelDisk.open({ directory, cacheSize }, clock))
  try {
    const { retention = defaultRetention, ringBytes = defaultRingBytes } = options
    return new Engine(disk, await load(disk), { clock, log, retention, ringBytes })
  } catch (error) {
    await disk.close()
    throw error
  }
}
