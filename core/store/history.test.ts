import { createVirtualClock } from '../kernel/clock-virtual.js'
import { assert, test } from '../testing/contract.js'
import type { Entry, Key, Revision } from './contract.js'
import { History, previousOf, type Version } from './history.js'
import { Retention } from './retention.js'
import { Ring } from './ring.js'

function version(key: Key, revision: Revision, created: Revision, entry?: Entry): Version {
  return { key, revision, created, order: 0, lease: undefined, entry, older: undefined }
}
function published(...versions: Version[]): History {
  const history = new History()
  for (const one of versions) history.stage(one)
  history.visible = history.staged
  return history
}

test('what is staged is compared with but not seen', () => {
  const history = published(version('/a', 1, 1))
  history.stage(version('/a', 2, 1))
  history.stage(version('/b', 3, 3))
  assert.is(history.newest('/a')?.revision, 2)
  assert.is(history.at('/a', history.visible)?.revision, 1)
  assert.is(history.select('/', '0', history.visible, 10).count, 1)
  assert.equal(
    history.since(0, 10).map((one) => one.revision),
    [1],
  )
})

test('a rollback leaves what is visible, in keys and in the log', () => {
  const history = published(version('/a', 1, 1), version('/gone', 2, 2), version('/gone', 3, 0))
  history.stage(version('/a', 4, 0))
  history.stage(version('/a', 5, 5))
  history.stage(version('/new', 6, 6))
  history.rollback()
  assert.is(history.staged, 3)
  assert.is(history.newest('/a')?.revision, 1)
  assert.is(history.index.get('/new'), undefined)
  assert.equal(
    history.since(0, 10).map((one) => one.revision),
    [1, 2, 3],
  )
})

test('a rollback over a compacted delete forgets the key', () => {
  const history = published(version('/a', 1, 1), version('/a', 2, 0))
  history.stage(version('/a', 3, 3))
  history.compact(2, 100)
  history.rollback()
  assert.is(history.index.size, 0)
})

test('compaction hands out each version that is of no use once, and ends', () => {
  const history = published(
    version('/a', 1, 1),
    version('/b', 2, 2),
    version('/a', 3, 1),
    version('/b', 4, 0),
    version('/a', 5, 1),
    version('/c', 6, 6),
  )
  const garbage: string[] = []
  do garbage.push(...history.compact(4, 1).map((one) => `${one.key}@${one.revision}`))
  while (history.cluttered)
  assert.equal(garbage.sort(), ['/a@1', '/b@2', '/b@4'])
  assert.is(history.at('/a', 4)?.revision, 3)
  assert.is(history.index.get('/b'), undefined)
  const fifth = history.at('/a', 5)
  assert.is(fifth && previousOf(fifth)?.revision, 3)
  assert.equal(
    history.since(4, 10).map((one) => one.revision),
    [5, 6],
  )
})

test('what is loaded after a cut-off compaction is cleared of what it left', () => {
  const history = new History()
  history.compacted = 4
  const loaded = [
    version('/a', 1, 1),
    version('/a', 3, 1),
    version('/a', 5, 1),
    version('/b', 2, 2),
    version('/b', 4, 0),
    version('/b', 6, 6),
  ]
  const garbage = loaded.flatMap((one) => history.load(one)).map((one) => `${one.key}@${one.revision}`)
  history.finishLoading()
  assert.equal(garbage, ['/a@1', '/b@2', '/b@4'])
  assert.is(history.visible, 6)
  assert.is(history.at('/a', 4)?.revision, 3)
  assert.is(history.at('/b', 5), undefined)
  assert.equal(
    history.since(4, 10).map((one) => one.revision),
    [5, 6],
  )
})

test('the log is handed out in whole transactions', () => {
  const history = new History()
  for (let revision = 1; revision <= 4; revision++) {
    for (let order = 0; order < 3; order++) history.stage(version(`/${order}`, revision, 1))
  }
  history.visible = 3
  assert.is(history.since(0, 2).length, 3)
  assert.is(history.since(0, 4).length, 6)
  assert.is(history.since(2, 100).length, 3)
  assert.is(history.since(3, 100).length, 0)
})

test('the ring lets go of the oldest values beyond its bytes', () => {
  const ring = new Ring(10_000)
  const versions = Array.from({ length: 20 }, (_, at) => {
    const entry = { key: '/a', value: new Uint8Array(1_000), revision: at, created: 1 }
    return version('/a', at, 1, entry)
  })
  for (const one of versions) ring.add([one])
  const kept = versions.filter((one) => one.entry !== undefined)
  assert.is(kept.length, 7)
  assert.is(kept[0]?.revision, 13)
})

test('retention waits for growth, then keeps both the count and the time', async () => {
  const clock = createVirtualClock()
  const retention = new Retention({ revisions: 80, seconds: 10, maximumRevisions: 1_000 }, clock, 0)
  const targets: number[] = []
  let compacted = 0
  for (let revision = 1; revision <= 400; revision++) {
    await clock.advance(100)
    const target = retention.note(revision, compacted)
    if (target === undefined) continue
    assert.ok(revision - target >= 80 && revision - target >= 100)
    targets.push(target)
    compacted = target
  }
  assert.ok(targets.length >= 4)
  assert.ok(400 - compacted <= 160)
})
