import { definePlugin } from '../kernel/contract.js'
import { StoreToken } from './contract.js'
import { openMemoryStore } from './memory-engine.js'
import { memoryConfig } from './plugin-config.js'
import { sharedStore } from './plugin-shared.js'

/** The store in memory, for tests and for clusters that need not outlive their process. */
export const storeMemory = definePlugin({
  id: 'store-memory',
  api: '^1.0',
  stage: 'store',
  provides: { store: StoreToken },
  supports: { durable: false, memo: true, leases: true, snapshots: true, remote: false },
  config: memoryConfig,
  async setup(context) {
    const { retainRevisions, retainSeconds, retainAtMost } = context.config
    const retention = { revisions: retainRevisions, seconds: retainSeconds, maximumRevisions: retainAtMost }
    const { clock, log } = context
    const store = await sharedStore(context, `store-memory:${context.id}`, retention, () =>
      openMemoryStore({ clock, log, retention }),
    )
    return { provides: { store } }
  },
})
