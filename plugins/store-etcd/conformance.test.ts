import { startEtcd, storeKit } from '@davit/core/store/testkit'
import { assert, createTestServices, missing, pluginSuite, suite } from '@davit/core/testing'
import plugin from './index.js'
import { openEtcdStore } from './open.js'
import type { EtcdStore } from './store.js'
import { supports } from './supports.js'
import { configOf, realServices } from './testing.js'

const etcd = (await missing('etcd')) === undefined ? await startEtcd() : undefined
const endpoint = etcd?.endpoint ?? 'http://127.0.0.1:1'
const config = configOf(endpoint)
const probe = etcd && (await openEtcdStore(config, createTestServices()))

/** All stores of the kit lie in one etcd, one after the other: each begins to count where etcd stands. */
const places = new Map<string, { readonly prefix: string; readonly origin: number }>()

storeKit(
  'store-etcd',
  async (directory, services): Promise<EtcdStore> => {
    const known = places.get(directory) ?? { prefix: `/kit/${places.size}`, origin: (await probe?.current()) ?? 0 }
    places.set(directory, known)
    const { prefix, origin } = known
    return openEtcdStore({ ...config, prefix }, { ...createTestServices(), ...services }, origin)
  },
  { supports, requires: ['etcd'] },
)

pluginSuite(plugin, {
  valid: [{ endpoints: [endpoint] }, { prefix: '/a/b', endpoints: ['https://[::1]:2379', 'http://etcd-1.example:2379'] }],
  invalid: [
    { endpoints: [] },
    { endpoints: ['127.0.0.1:2379'] },
    { prefix: 'davit' },
    { prefix: '/davit/' },
    { timeoutSeconds: 0 },
    { compactionSeconds: -1 },
  ],
  requires: ['etcd'],
})

// The last group, for what all of them share ends with it.
const end = suite('store-etcd')
end.after(async () => {
  await probe?.close()
  await etcd?.stop()
})
end('without etcd, opening says which endpoints were tried', async () => {
  const opening = openEtcdStore({ ...config, endpoints: ['http://127.0.0.1:1'], timeoutSeconds: 0.2 }, realServices())
  const error = await assert.rejects(opening, /http:\/\/127.0.0.1:1 cannot be opened: .*ECONNREFUSED/)
  assert.is((error as { code?: unknown }).code, 'DAVIT_STORE_OPEN_FAILED')
})
