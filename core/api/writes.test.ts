import { DavitError, definePlugin, type ErrorCode, type PluginEntry } from '../kernel/contract.js'
import { type Store, StoreToken, type Transaction } from '../store/contract.js'
import { openMemoryStore } from '../store/host.js'
import { assert, test } from '../testing/contract.js'
import { configMap, pod, startApi } from './testing.js'

/** The memory engine with a hand on its transactions. */
function withTransact(
  around: (transact: Store['transact'], transaction: Transaction) => ReturnType<Store['transact']>,
): PluginEntry {
  return {
    plugin: definePlugin({
      id: 'store-memory',
      api: '^1.0',
      stage: 'store',
      provides: { store: StoreToken },
      async setup({ clock, log, defer }) {
        const store = await openMemoryStore({ clock, log })
        defer(() => store.close())
        const transact = store.transact.bind(store)
        store.transact = (transaction) => around(transact, transaction)
        return { provides: { store } }
      },
    }),
  }
}

test('one transaction for each write, compared with what it replaces', async (t) => {
  const seen: Transaction[] = []
  const spy = withTransact((transact, transaction) => {
    seen.push(transaction)
    return transact(transaction)
  })
  const api = await startApi(t, { plugins: [spy] })
  seen.length = 0
  const made = await api.create('configmaps', configMap('a'))
  await api.update('configmaps', configMap('a', { n: '1' }))
  await api.object('delete', 'configmaps', { name: 'a' })
  const key = '/core/configmaps/default/a'
  const created = Number(made.metadata.resourceVersion)
  assert.equal(
    seen.map(({ compare }) => compare),
    [[{ key, revision: 0 }], [{ key, revision: created }], [{ key, revision: created + 1 }]],
  )
  assert.equal(
    seen.map(({ operations }) => operations.map(({ type }) => type)),
    [['put'], ['put'], ['delete']],
  )
  assert.ok(seen.every(({ durability }) => durability === 'durable'))
})

test('a kind whose bytes are compared is written with the escapes of Go, others are not', async (t) => {
  const written: string[] = []
  const spy = withTransact((transact, transaction) => {
    for (const operation of transaction.operations) {
      if (operation.type === 'put') written.push(Buffer.from(operation.value).toString())
    }
    return transact(transaction)
  })
  const api = await startApi(t, { plugins: [spy] })
  written.length = 0
  await api.create('apps/v1/controllerrevisions', { metadata: { name: 'r' }, data: { odd: 'a && b' }, revision: 1 })
  await api.create('configmaps', configMap('a', { odd: 'a && b' }))
  assert.match(written[0] ?? '', '"odd":"a \\u0026\\u0026 b"')
  assert.match(written[1] ?? '', '"odd":"a && b"')
})

test('leases and events are written relaxed, all else durable', async (t) => {
  const seen: Transaction[] = []
  const spy = withTransact((transact, transaction) => {
    seen.push(transaction)
    return transact(transaction)
  })
  const api = await startApi(t, { plugins: [spy] })
  seen.length = 0
  await api.create('coordination.k8s.io/v1/leases', { metadata: { name: 'l' } })
  await api.create('events', { metadata: { name: 'e' }, involvedObject: { namespace: 'default' } })
  await api.create('pods', pod('p'))
  assert.equal(
    seen.map(({ durability }) => durability),
    ['relaxed', 'relaxed', 'durable'],
  )
})

test('the stored bytes are the bytes of the reply, of every get and of the watch', async (t) => {
  const api = await startApi(t)
  const watched = await api.watch('pods')
  const { item } = await api.reply('create', 'pods', { body: pod('a') })
  await watched.heard(1)
  const read = await api.reply('get', 'pods', { name: 'a' })
  assert.is(read.item?.bytes, item?.bytes)
  assert.is(watched.events[0]?.item.bytes, item?.bytes)
  assert.ok(Object.isFrozen(item?.object.metadata))
})

test('what the store cannot do is told as HTTP tells it', async (t) => {
  let code: ErrorCode | undefined
  const failing = withTransact((transact, transaction) =>
    code === undefined ? transact(transaction) : Promise.reject(new DavitError(code, 'the store says no')),
  )
  const api = await startApi(t, { plugins: [failing] })
  const refusal = async (error: ErrorCode): Promise<readonly unknown[]> => {
    code = error
    const { code: number, reason } = await api.refused('create', 'configmaps', { body: configMap('a') })
    code = undefined
    return [number, reason]
  }
  assert.equal(await refusal('DAVIT_STORE_TOO_LARGE'), [413, 'RequestEntityTooLarge'])
  assert.equal(await refusal('DAVIT_STORE_CLOSED'), [503, 'ServiceUnavailable'])
  assert.equal(await refusal('DAVIT_STORE_UNAVAILABLE'), [503, 'ServiceUnavailable'])
  assert.equal(await refusal('DAVIT_STORE_OUTCOME_UNKNOWN'), [504, 'Timeout'])
  assert.equal(await refusal('DAVIT_STORE_WRITE_FAILED'), [500, 'InternalError'])
  await api.create('configmaps', configMap('a'))
})

test('an object over 3 MiB is 413', async (t) => {
  const api = await startApi(t)
  const labels = { big: 'x'.repeat(3 * 1024 * 1024 + 10) }
  const body = {
    spec: {
      request: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K',
      signerName: 'a.example/b',
      usages: ['any'],
      username: labels.big,
    },
    metadata: { name: 'a' },
  }
  const status = await api.refused('create', 'certificates.k8s.io/v1/certificatesigningrequests', { body })
  assert.is(status.code, 413)
})

test('a service that fails to be written leaves its address free', async (t) => {
  let fail = false
  const failing = withTransact((transact, transaction) =>
    fail ? Promise.reject(new DavitError('DAVIT_STORE_WRITE_FAILED', 'the disk is full')) : transact(transaction),
  )
  const api = await startApi(t, { plugins: [failing] })
  const body = { metadata: { name: 's' }, spec: { clusterIP: '10.96.4.4', ports: [{ port: 80 }] } }
  fail = true
  assert.is((await api.refused('create', 'services', { body })).code, 500)
  fail = false
  await api.create('services', body)
})
