/**
 * What every engine must do, as tests. An engine's own test file opens it and runs this:
 *
 * ```ts
 * storeKit('store-memory', (_directory, services) => openMemoryStore(services), { supports: storeMemory.supports })
 * ```
 */
import { compactionCases } from './testkit/compaction.js'
import { type KitOptions, makeKit, type StoreFactory } from './testkit/kit.js'
import { leaseCases } from './testkit/leases.js'
import { lifeCases } from './testkit/life.js'
import { modelCases } from './testkit/model.js'
import { rangeCases } from './testkit/ranges.js'
import { snapshotCases } from './testkit/snapshots.js'
import { transactionCases } from './testkit/transactions.js'
import { watchCases } from './testkit/watches.js'

export { startEtcd, type TestEtcd, type TestEtcdOptions } from './testkit/etcd.js'
export type { KitOptions, StoreFactory } from './testkit/kit.js'

export function storeKit(name: string, factory: StoreFactory, options: KitOptions): void {
  const kit = makeKit(name, factory, options)
  transactionCases(kit)
  rangeCases(kit)
  watchCases(kit)
  compactionCases(kit)
  leaseCases(kit)
  snapshotCases(kit)
  lifeCases(kit)
  modelCases(kit)
}
