import type { FieldSelector, Selector } from '../kinds/contract.js'
import { assert, suite } from '../testing/contract.js'
import type { CacheList } from './contract.js'
import { createRig, type Rig } from './testing.js'

let rig: Rig
const reads = suite('reads')
reads.before(async () => {
  rig = await createRig({ pageSize: 3 })
})
reads.after(() => rig.close())

const names = (list: CacheList): string[] => list.items.map((item) => `${item.namespace}/${item.name}`)
const labelled = (key: string, value: string): Selector => ({
  everything: false,
  exact: [[key, value]],
  text: `${key}=${value}`,
  matches: (labels) => labels?.[key] === value,
})
const onNode = (name: string): FieldSelector => ({
  everything: false,
  text: `spec.nodeName=${name}`,
  matches: (object) => (object.spec as { nodeName?: string } | undefined)?.nodeName === name,
})
const named = (name: string): FieldSelector => ({
  everything: false,
  text: `metadata.name=${name}`,
  name,
  matches: (object) => object.metadata.name === name,
})

reads('a cache that begins late loads what is there, over several pages', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await rig.put(name, { labels: { even: String('bdf'.includes(name)) } })
  await rig.put('a', { spec: { nodeName: 'one' } }, 'a-b')
  const late = await createRig({ store: rig.store, pageSize: 3 })
  await late.pods.ready
  assert.is(late.pods.size, 8)
  // Keys are ordered as bytes: "/a-b/" stands before "/a/", and so does any name with "-" or ".".
  assert.equal(names(late.pods.list()), ['a-b/a', ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `default/${name}`)])
  assert.equal(late.pods.namespaces, ['a-b', 'default'])
  assert.is(late.pods.revision, await rig.store.current())
  late.caches.close()
})

reads('get finds by namespace and name, and nothing else', async () => {
  await rig.pods.waitFor(await rig.store.current())
  assert.is(rig.pods.get('default', 'a')?.name, 'a')
  assert.is(rig.pods.get('default', 'zz'), undefined)
  assert.is(rig.pods.get('nowhere', 'a'), undefined)
})

reads('a whole list is the same frozen array until something changes', async () => {
  const first = rig.pods.list()
  assert.is(rig.pods.list().items, first.items)
  assert.ok(Object.isFrozen(first.items))
  assert.is(first.remaining, 0)
  const inner = rig.pods.list({ namespace: 'a-b' }).items
  await rig.pods.waitFor(await rig.put('a', { spec: { nodeName: 'two' } }))
  assert.is.not(rig.pods.list().items, first.items)
  assert.is(rig.pods.list({ namespace: 'a-b' }).items, inner)
  assert.is(first.items.length, 8)
})

reads('pages go on where the last one ended, and say how much is left', () => {
  const first = rig.pods.list({ limit: 3 })
  assert.equal(names(first), ['a-b/a', 'default/a', 'default/b'])
  assert.is(first.more, true)
  assert.is(first.remaining, 5)
  const startAfter = first.items[2]?.key ?? ''
  const second = rig.pods.list({ limit: 3, startAfter })
  assert.equal(names(second), ['default/c', 'default/d', 'default/e'])
  assert.is(second.remaining, 2)
  const last = rig.pods.list({ limit: 3, startAfter: second.items[2]?.key ?? '' })
  assert.equal(names(last), ['default/f', 'default/g'])
  assert.is(last.more, false)
  assert.is(last.remaining, 0)
  assert.equal(names(rig.pods.list({ namespace: 'default', limit: 1, startAfter })), ['default/c'])
  assert.equal(names(rig.pods.list({ namespace: 'nowhere' })), [])
})

reads('selectors narrow a list, with pages that do not count the rest', () => {
  const labels = labelled('even', 'true')
  const first = rig.pods.list({ labels, limit: 2 })
  assert.equal(names(first), ['default/b', 'default/d'])
  assert.is(first.more, true)
  assert.is(first.remaining, undefined)
  const second = rig.pods.list({ labels, limit: 2, startAfter: first.items[1]?.key ?? '' })
  assert.equal(names(second), ['default/f'])
  assert.is(second.more, false)
  assert.equal(names(rig.pods.list({ fields: onNode('one') })), ['a-b/a'])
  assert.equal(names(rig.pods.list({ fields: onNode('two'), namespace: 'a-b' })), [])
})

reads('a selector of one name is a look-up in every namespace', () => {
  assert.equal(names(rig.pods.list({ fields: named('a') })), ['a-b/a', 'default/a'])
  assert.equal(names(rig.pods.list({ fields: named('a'), namespace: 'default' })), ['default/a'])
  assert.equal(names(rig.pods.list({ fields: named('a'), limit: 1 })), ['a-b/a'])
  assert.equal(names(rig.pods.list({ fields: named('none') })), [])
  assert.equal(names(rig.pods.list({ fields: named('a'), labels: labelled('even', 'true') })), [])
})

reads('a deleted object is gone, and its namespace with the last of them', async () => {
  await rig.pods.waitFor(await rig.remove('a', 'a-b'))
  assert.is(rig.pods.get('a-b', 'a'), undefined)
  assert.equal(rig.pods.namespaces, ['default'])
  assert.is(rig.pods.list().items.length, 7)
})

reads('waitFor is met by a commit to another resource too', async () => {
  const { revision } = await rig.store.transact({
    compare: [],
    operations: [{ type: 'put', key: '/core/secrets/default/x', value: Buffer.from('{"metadata":{}}') }],
  })
  await rig.pods.waitFor(revision)
  assert.ok(rig.pods.revision >= revision)
})

reads('waitFor gives up with the reason of its signal', async () => {
  const reason = new Error('the client is gone')
  const controller = new AbortController()
  const waiting = rig.pods.waitFor((await rig.store.current()) + 1, controller.signal)
  controller.abort(reason)
  await assert.rejects(waiting, (error) => error === reason)
  await assert.rejects(rig.pods.waitFor(1e9, controller.signal), (error) => error === reason)
})

reads('the same resource has one cache', () => {
  assert.is(rig.caches.cache('', 'pods'), rig.pods)
  assert.is.not(rig.caches.cache('apps', 'pods'), rig.pods)
  assert.is(rig.caches.statistics().resources, 2)
})

reads('a store that is closed fails the load, and the next cache is a new one', async () => {
  const short = await createRig()
  await short.pods.ready
  await short.close()
  await assert.rejects(
    short.caches.cache('', 'nodes').ready,
    (error) => (error as { code?: string }).code === 'DAVIT_STORE_CLOSED',
  )
  assert.is(short.caches.statistics().resources, 0)
})
