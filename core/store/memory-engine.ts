import type { Clock, Logger } from '../kernel/contract.js'
import { noDisk } from './disk.js'
import { Engine } from './engine.js'
import { load } from './load.js'
import { defaultRetention, type RetentionOptions } from './retention.js'

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly retention?: RetentionOptions
}

/** The store in memory: the same engine over no disk, for tests and for clusters that need not outlive their process. */
export async function openMemoryStore({ clock, log, retention = defaultRetention }: MemoryStoreOptions): Promise<Engine> {
  return new Engine(noDisk, await load(noDisk), { clock, log, retention, ringBytes: 0 })
}
