import { definePlugin, Type } from '@davit/core/kernel'
import { StoreToken } from '@davit/core/store'
import { supports, TracingStore } from './store.js'

/** A whole store engine. Chosen by `store: { id: ./index.ts }`; exactly one plugin provides the store. */
export default definePlugin({
  id: 'store-tracing',
  api: '^1.0',
  stage: 'store',
  provides: { store: StoreToken },
  supports,
  config: {
    version: 1,
    schema: Type.Object({
      retainRevisions: Type.Integer({ minimum: 1, default: 10_000, description: 'How far back can be read and watched from.' }),
    }),
  },
  async setup({ config, clock, log, defer }) {
    const store = new TracingStore(clock, config.retainRevisions, (trace) => log.debug(trace, 'transaction'))
    defer(() => store.close())
    return { provides: { store } }
  },
})
