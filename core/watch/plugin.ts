import { definePlugin } from '../kernel/contract.js'
import { StoreToken } from '../store/contract.js'
import { createWatchCaches } from './caches.js'
import { WatchCachesToken } from './contract.js'

/** One cache for each resource, over the store that is configured. */
export default definePlugin({
  id: 'watch-cache',
  api: '^1.0',
  stage: 'cache',
  requires: { store: StoreToken },
  provides: { caches: WatchCachesToken },
  async setup({ clock, log, defer }, { store }) {
    const caches = await createWatchCaches({ store, clock, log })
    defer(() => caches.close())
    return { provides: { caches } }
  },
})
