import { definePlugin } from '@davit/core/kernel'
import { StoreToken } from '@davit/core/store'
import { etcdConfig } from './config.js'
import { openEtcdStore } from './open.js'
import { supports } from './supports.js'

export default definePlugin({
  id: 'store-etcd',
  api: '^1.0',
  stage: 'store',
  provides: { store: StoreToken },
  supports,
  config: etcdConfig,
  async setup(context) {
    const store = await openEtcdStore(context.config, context)
    context.defer(() => store.close())
    return { provides: { store } }
  },
})
