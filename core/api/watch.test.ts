import { StoreToken } from '../store/contract.js'
import { assert, test } from '../testing/contract.js'
import { configMap, pod, startApi } from './testing.js'

test('without a version: the present state as ADDED, then changes', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  await api.create('configmaps', configMap('b'))
  const watched = await api.watch('configmaps')
  await watched.heard(2)
  await api.update('configmaps', configMap('a', { n: '1' }))
  await api.object('delete', 'configmaps', { name: 'b' })
  assert.equal(await watched.heard(4), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b'])
  watched.close()
})

test('version 0 does the same, N gives only what came after', async (t) => {
  const api = await startApi(t)
  const { metadata } = await api.create('configmaps', configMap('a'))
  await api.create('configmaps', configMap('b'))
  assert.equal(await (await api.watch('configmaps', { resourceVersion: '0' })).heard(2), ['ADDED a', 'ADDED b'])
  const later = await api.watch('configmaps', { resourceVersion: metadata.resourceVersion ?? '' })
  assert.equal(await later.heard(1), ['ADDED b'])
})

test('watches opened at any version yield the same sequence', async (t) => {
  const api = await startApi(t)
  const { resourceVersion } = await api.list('configmaps')
  const early = await api.watch('configmaps', { resourceVersion })
  for (let index = 0; index < 30; index++) {
    await api.create('configmaps', configMap(`m${index}`))
    if (index % 3 === 0) await api.object('delete', 'configmaps', { name: `m${index}` })
  }
  const late = await api.watch('configmaps', { resourceVersion })
  const expected = [...(await early.heard(40))]
  assert.equal(await late.heard(40), expected)
  const versions = early.events.map(({ item }) => item.revision)
  assert.equal(
    versions,
    [...versions].sort((a, b) => a - b),
  )
})

test('leaving a selector is DELETED, entering is ADDED', async (t) => {
  const api = await startApi(t)
  const watched = await api.watch('configmaps', { labelSelector: 'on=yes' })
  await api.create('configmaps', configMap('a'))
  await api.merge('configmaps', 'a', { metadata: { labels: { on: 'yes' } } })
  await api.merge('configmaps', 'a', { metadata: { labels: { on: 'no' } } })
  assert.equal(await watched.heard(2), ['ADDED a', 'DELETED a'])
})

test('one object: a field selector on its name', async (t) => {
  const api = await startApi(t)
  const watched = await api.watch('pods', { fieldSelector: 'metadata.name=b' })
  await api.create('pods', pod('a'))
  await api.create('pods', pod('b'))
  assert.equal(await watched.heard(1), ['ADDED b'])
})

test('too old: one ERROR with 410 Expired, then the end', async (t) => {
  const api = await startApi(t)
  const { resourceVersion } = await api.list('configmaps')
  const names = Array.from({ length: 40 }, (_, index) => `m${index}`)
  for (const name of names) await api.create('configmaps', configMap(name))
  const store = api.plane.kernel.get(StoreToken)
  await store.compact(await store.current())
  const watched = await api.watch('secrets', { resourceVersion })
  assert.equal(await watched.heard(1), ['END'])
  assert.is(watched.status?.code, 410)
  assert.is(watched.status?.reason, 'Expired')
  assert.match(String(watched.status?.message), /^too old resource version: \d+ \(\d+\)$/)
})

test('ends at timeoutSeconds, otherwise at a random 30 to 60 minutes', async (t) => {
  const api = await startApi(t)
  const short = await api.watch('configmaps', { timeoutSeconds: '5' })
  const long = await api.watch('configmaps')
  await api.plane.clock.advance(4_999)
  assert.equal(short.seen, [])
  await api.plane.clock.advance(1)
  assert.equal(short.seen, ['END'])
  assert.is(short.status, undefined)
  await api.plane.clock.advance(1_700_000)
  assert.equal(long.seen, [])
  await api.plane.clock.advance(1_900_000)
  assert.equal(long.seen, ['END'])
})

test('bookmarks only on request: about one a minute and shortly before the end', async (t) => {
  const api = await startApi(t)
  const plain = await api.watch('configmaps', { timeoutSeconds: '100' })
  const marked = await api.watch('configmaps', { timeoutSeconds: '100', allowWatchBookmarks: 'true' })
  await api.plane.clock.settle()
  const { metadata } = await api.create('secrets', { metadata: { name: 's' } })
  await api.plane.clock.advance(61_000)
  assert.equal(marked.seen, [`BOOKMARK ${metadata.resourceVersion}`])
  await api.plane.clock.advance(38_000)
  assert.is(marked.seen.length, 2)
  await api.plane.clock.advance(2_000)
  assert.is(marked.seen[2], 'END')
  assert.equal(plain.seen, ['END'])
})

test('sendInitialEvents: the state, then a bookmark that says where it ends, then changes', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' }
  const watched = await api.watch('configmaps', query)
  const { resourceVersion } = await api.list('configmaps')
  assert.equal(await watched.heard(2), ['ADDED a', `BOOKMARK ${resourceVersion}`])
  assert.equal(watched.annotations, [{ 'k8s.io/initial-events-end': 'true' }])
  await api.create('configmaps', configMap('b'))
  assert.is((await watched.heard(3))[2], 'ADDED b')
  const empty = await api.watch('secrets', { ...query, resourceVersion: '0' })
  assert.match((await empty.heard(1))[0] ?? '', /^BOOKMARK/)
})

test('sendInitialEvents demands NotOlderThan and bookmarks; a match on a plain watch is 422', async (t) => {
  const api = await startApi(t)
  for (const query of [
    { sendInitialEvents: 'true' },
    { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
    { sendInitialEvents: 'true', allowWatchBookmarks: 'true', resourceVersionMatch: 'Exact' },
    { resourceVersionMatch: 'NotOlderThan', resourceVersion: '1' },
  ]) {
    const status = await api.refused('watch', 'configmaps', { query: query as Record<string, string> })
    assert.is(status.code, 422)
    assert.is(status.reason, 'Invalid')
  }
})

test('sendInitialEvents=false leaves the state out', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const watched = await api.watch('configmaps', { sendInitialEvents: 'false', resourceVersionMatch: 'NotOlderThan' })
  await api.plane.clock.settle()
  await api.create('configmaps', configMap('b'))
  assert.equal(await watched.heard(1), ['ADDED b'])
})

test('a large state comes in batches whose joined frames are its events', async (t) => {
  const api = await startApi(t)
  for (let index = 0; index < 1100; index++) await api.create('configmaps', configMap(`m${index}`))
  const result = await api.handle('watch', 'configmaps')
  if (result.type !== 'watch') throw new Error('no watch')
  const encoder = { encode: ({ item }: { item: { name: string } }) => Buffer.from(`${item.name},`) }
  const sizes: number[] = []
  let text = ''
  const done = new Promise<void>((resolve) => {
    const handle = result.open({
      batch(batch) {
        sizes.push(batch.events.length)
        text += Buffer.from(batch.frames(encoder)).toString()
        if (text.split(',').length === 1101) {
          handle.close()
          resolve()
        }
      },
      bookmark: () => undefined,
      end: () => undefined,
    })
  })
  await done
  assert.equal(sizes, [500, 500, 100])
})

test('a closed watch hears nothing more', async (t) => {
  const api = await startApi(t)
  const watched = await api.watch('configmaps')
  watched.close()
  await api.create('configmaps', configMap('a'))
  await api.plane.clock.settle()
  assert.equal(watched.seen, [])
})
