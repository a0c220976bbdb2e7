import type { DavitError } from '../kernel/contract.js'
import type { FieldSelector, Selector } from '../kinds/contract.js'
import { assert, type Suite, suite, type TestContext } from '../testing/contract.js'
import type { EventEncoder } from './contract.js'
import { createRig, createVirtualClock, Recorder, type Rig, record } from './testing.js'

const watches = suite('watch')
const frontend: Selector = {
  everything: false,
  text: 'app=web',
  exact: [['app', 'web']],
  matches: (labels) => labels?.app === 'web',
}
const onNode: FieldSelector = {
  everything: false,
  text: 'spec.nodeName=one',
  matches: (object) => (object.spec as { nodeName?: string } | undefined)?.nodeName === 'one',
}
const lines: EventEncoder = { encode: ({ type, item }) => Buffer.from(`${type} ${item.name}\n`) }
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

async function rigOf(t: TestContext, options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig(options)
  t.defer(() => rig.close())
  await rig.pods.ready
  return rig
}
const test = ((name, run) => watches(name, run)) as Suite

test('tells additions, changes and deletions in order', async (t) => {
  const rig = await rigOf(t)
  const seen = record(rig.pods, { after: 0 })
  await rig.put('a')
  await rig.put('a', { spec: { nodeName: 'one' } })
  await rig.put('b')
  await rig.remove('a')
  await seen.events(4)
  assert.equal(seen.seen, ['ADDED a@1', 'MODIFIED a@2', 'ADDED b@3', 'DELETED a@4'])
})

test('a deletion shows the last state with the revision of the deletion', async (t) => {
  const rig = await rigOf(t)
  const seen = record(rig.pods, { after: 0 })
  await rig.put('a', { spec: { nodeName: 'one' } })
  await rig.remove('a')
  await seen.events(2)
  const item = seen.batches.at(-1)?.events.at(-1)?.item
  assert.equal(item?.object.spec, { nodeName: 'one' })
  assert.is(item?.object.metadata.resourceVersion, '2')
  assert.is(JSON.parse(text(item?.bytes ?? Buffer.of())).metadata.resourceVersion, '2')
})

test('selectors turn entering into ADDED and leaving into DELETED of the old state', async (t) => {
  const rig = await rigOf(t)
  const seen = record(rig.pods, { after: 0, labels: frontend })
  await rig.put('a', { labels: { app: 'db' } })
  await rig.put('a', { labels: { app: 'web' } })
  await rig.put('a', { labels: { app: 'web' }, spec: { nodeName: 'one' } })
  await rig.put('a', { labels: { app: 'db' } })
  await rig.put('a', { labels: { app: 'web' } })
  await rig.remove('a')
  await seen.events(5)
  assert.equal(seen.seen, ['ADDED a@2', 'MODIFIED a@3', 'DELETED a@4', 'ADDED a@5', 'DELETED a@6'])
  const left = seen.batches.flatMap((batch) => batch.events)[2]?.item.object
  assert.equal(left?.metadata.labels, { app: 'web' })
  assert.is(left?.metadata.resourceVersion, '4')
})

test('field selectors, names and namespaces narrow what is told', async (t) => {
  const rig = await rigOf(t)
  const field = record(rig.pods, { after: 0, fields: onNode })
  const name = record(rig.pods, { after: 0, fields: { ...onNode, text: 'metadata.name=b', name: 'b', matches: () => true } })
  const namespace = record(rig.pods, { after: 0, namespace: 'other' })
  await rig.put('a')
  await rig.put('b')
  await rig.put('a', { spec: { nodeName: 'one' } })
  await rig.put('c', {}, 'other')
  await namespace.events(1)
  assert.equal(field.seen, ['ADDED a@3'])
  assert.equal(name.seen, ['ADDED b@2'])
  assert.equal(namespace.seen, ['ADDED c@4'])
})

test('who stands at the same place gets the same batch and the same frame', async (t) => {
  const rig = await rigOf(t)
  const first = record(rig.pods, { after: 0 })
  const second = record(rig.pods, { after: 0 })
  const narrow = record(rig.pods, { after: 0, namespace: 'default' })
  await Promise.all(['a', 'b', 'c'].map((name) => rig.put(name)))
  await narrow.events(3)
  assert.is(first.batches.length, 1)
  assert.is(first.batches[0], second.batches[0])
  let calls = 0
  const counting: EventEncoder = {
    encode(event) {
      calls += 1
      return lines.encode(event)
    },
  }
  const frame = first.batches[0]?.frames(counting)
  assert.is(frame, second.batches[0]?.frames(counting))
  assert.is(text(frame ?? Buffer.of()), 'ADDED a\nADDED b\nADDED c\n')
  assert.equal(narrow.batches[0]?.frames(counting), frame)
  assert.is(calls, 3)
  assert.is(text(first.batches[0]?.frames(lines) ?? Buffer.of()), text(frame ?? Buffer.of()))
})

test('a late watcher is served from the ring, and late watchers of one place share a batch', async (t) => {
  const rig = await rigOf(t)
  for (const name of ['a', 'b', 'c']) await rig.put(name)
  const late = [record(rig.pods, { after: 1 }), record(rig.pods, { after: 1 })] as const
  await late[1].events(2)
  assert.equal(late[0].seen, ['ADDED b@2', 'ADDED c@3'])
  assert.is(late[0].batches[0], late[1].batches[0])
  assert.is(late[0].batches[0]?.upTo, 3)
})

test('what the ring has dropped comes from the history of the store', async (t) => {
  const rig = await rigOf(t, { ring: { changes: 4, bytes: 1e9 } })
  for (let at = 0; at < 10; at += 1) await rig.put(`p${at}`)
  await rig.remove('p0')
  const late = record(rig.pods, { after: 2 })
  const narrow = record(rig.pods, { after: 0, namespace: 'other' })
  await late.events(9)
  await rig.put('last')
  await rig.put('x', {}, 'other')
  await late.events(11)
  await narrow.events(1)
  const expected = [3, 4, 5, 6, 7, 8, 9, 10].map((revision) => `ADDED p${revision - 1}@${revision}`)
  assert.equal(late.seen, [...expected, 'DELETED p0@11', 'ADDED last@12', 'ADDED x@13'])
  assert.equal(narrow.seen, ['ADDED x@13'])
})

test('the ring is bounded by bytes as well', async (t) => {
  const rig = await rigOf(t, { ring: { changes: 1000, bytes: 10_000 } })
  for (let at = 0; at < 20; at += 1) await rig.put(`p${at}`, { data: 'x'.repeat(2000) })
  const late = record(rig.pods, { after: 0 })
  await late.events(20)
  assert.is(new Set(late.seen).size, 20)
})

test('what the store has compacted away ends with its error before any batch', async (t) => {
  const rig = await rigOf(t, { ring: { changes: 2, bytes: 1e9 } })
  for (let at = 0; at < 10; at += 1) await rig.put(`p${at}`)
  await rig.store.compact(8)
  const late = record(rig.pods, { after: 3 })
  await late.until(() => late.ends.length > 0)
  assert.is((late.ends[0] as DavitError).code, 'DAVIT_STORE_COMPACTED')
  assert.equal(late.batches, [])
})

test('a watcher from a revision to come waits for it', async (t) => {
  const rig = await rigOf(t)
  const early = record(rig.pods, { after: 2 })
  const present = record(rig.pods, { after: 0 })
  for (const name of ['a', 'b', 'c']) {
    const revision = await rig.put(name)
    await present.events(revision)
  }
  await early.events(1)
  assert.equal(early.seen, ['ADDED c@3'])
})

test('nothing is lost and nothing comes twice while watchers come in the middle of writes', async (t) => {
  const rig = await rigOf(t, { ring: { changes: 64, bytes: 1e9 } })
  const total = 300
  const watchers: { readonly after: number; readonly seen: ReturnType<typeof record> }[] = []
  const writes: Promise<number>[] = []
  for (let at = 0; at < total; at += 1) {
    writes.push(rig.put(`p${at}`))
    if (at % 7 === 0) {
      const after = rig.pods.revision - (at % 3 === 0 ? Math.min(rig.pods.revision, at % 90) : 0)
      watchers.push({ after, seen: record(rig.pods, { after }) })
    }
    if (at % 11 === 0) await writes.at(-1)
  }
  await Promise.all(writes)
  for (const { after, seen } of watchers) {
    await seen.events(total - after)
    const revisions = seen.batches.flatMap((batch) => batch.events.map((event) => event.item.revision))
    assert.equal(
      revisions,
      Array.from({ length: total - after }, (_, at) => after + 1 + at),
    )
  }
})

test('a closed watcher hears nothing more, also when it closes in the middle of a delivery', async (t) => {
  const rig = await rigOf(t)
  const handles: { close(): void }[] = []
  const second = new Recorder()
  const first = new (class extends Recorder {
    override batch(batch: Parameters<Recorder['batch']>[0]): void {
      super.batch(batch)
      handles[1]?.close()
    }
  })()
  handles.push(rig.pods.subscribe({ after: 0 }, first), rig.pods.subscribe({ after: 0 }, second))
  await rig.put('a')
  await first.events(1)
  assert.equal(second.seen, [])
  assert.is(rig.caches.statistics().subscribers, 1)
  handles[0]?.close()
  handles[0]?.close()
  assert.is(rig.caches.statistics().subscribers, 0)
})

test('who subscribes from within a delivery gets what comes after', async (t) => {
  const rig = await rigOf(t)
  const inner = new Recorder()
  const outer = new (class extends Recorder {
    override batch(batch: Parameters<Recorder['batch']>[0]): void {
      if (this.batches.length === 0) rig.pods.subscribe({ after: batch.upTo, namespace: 'default' }, inner)
      super.batch(batch)
    }
  })()
  const other = record(rig.pods, { after: 0, namespace: 'default' })
  rig.pods.subscribe({ after: 0 }, outer)
  await rig.put('a')
  await outer.events(1)
  await rig.put('b')
  await inner.events(1)
  assert.equal(inner.seen, ['ADDED b@2'])
  assert.equal(other.seen, ['ADDED a@1', 'ADDED b@2'])
})

test('a subscriber that throws loses its watch and costs the others nothing', async (t) => {
  const rig = await rigOf(t)
  rig.pods.subscribe(
    { after: 0 },
    {
      batch() {
        throw new Error('a bug')
      },
      end() {},
    },
  )
  const sound = record(rig.pods, { after: 0 })
  await rig.put('a')
  await sound.events(1)
  assert.is(rig.caches.statistics().subscribers, 1)
})

test('progress is told on time while nothing matches, by one timer that goes with the last who wants it', async (t) => {
  const clock = createVirtualClock()
  const rig = await rigOf(t, { clock })
  const quiet = clock.pending
  const seen = record(rig.pods, { after: 0, namespace: 'other', progressMs: 1000 })
  const second = record(rig.pods, { after: 0, progressMs: 1050 })
  assert.is(clock.pending, quiet + 1)
  await rig.put('a')
  await clock.advance(1000)
  assert.equal(seen.marks, [1])
  assert.is(seen.batches.length, 0)
  assert.equal(second.marks, [1])
  await clock.advance(500)
  await rig.put('b', {}, 'other')
  await clock.advance(900)
  assert.equal(seen.marks, [1])
  await clock.advance(300)
  assert.equal(seen.marks, [1, 2])
  seen.close()
  second.close()
  assert.is(clock.pending, quiet)
})

test('the end of the store ends every watch', async (t) => {
  const rig = await rigOf(t)
  const seen = record(rig.pods, { after: 0 })
  rig.caches.close()
  assert.is((seen.ends[0] as DavitError).code, 'DAVIT_STORE_CLOSED')
  const late = record(rig.pods, { after: 0 })
  await late.until(() => late.ends.length > 0)
  assert.is((late.ends[0] as DavitError).code, 'DAVIT_STORE_CLOSED')
})
