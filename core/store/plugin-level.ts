import { resolve } from 'node:path'
import { definePlugin } from '../kernel/contract.js'
import { StoreToken } from './contract.js'
import { openLevelStore } from './level-engine.js'
import { levelConfig } from './plugin-config.js'
import { sharedStore } from './plugin-shared.js'

/** The embedded store on disk: one LevelDB in one directory. */
export const storeLevel = definePlugin({
  id: 'store-level',
  api: '^1.0',
  stage: 'store',
  provides: { store: StoreToken },
  supports: { durable: true, memo: true, leases: true, snapshots: true, remote: false },
  config: levelConfig,
  async setup(context) {
    const { path, cacheSize, retainRevisions, retainSeconds, retainAtMost } = context.config
    const retention = { revisions: retainRevisions, seconds: retainSeconds, maximumRevisions: retainAtMost }
    const { clock, log } = context
    const store = await sharedStore(context, `store-level:${resolve(path)}`, retention, () =>
      openLevelStore({ clock, log, directory: path, cacheSize, retention }),
    )
    return { provides: { store } }
  },
})
