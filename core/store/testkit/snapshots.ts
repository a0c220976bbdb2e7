import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../../testing/contract.js'
import type { Store } from '../contract.js'
import { bytes, type Case, everything, type Kit, put, record, rejectsWith, remove, text, write } from './kit.js'

const show = async (store: Store): Promise<string[]> =>
  (await store.range(everything)).entries.map(
    ({ key, value, revision, created }) => `${key}=${text(value)} ${revision} ${created}`,
  )

/** A store with some history, and a snapshot of it. */
async function prepared({ store, directory }: Case): Promise<{ file: string; shown: string[]; lease: string }> {
  const { id } = await store.grantLease(1_000_000)
  for (let at = 0; at < 200; at++) await write(store, put(`/k/${at % 90}`, `${at} ${'x'.repeat(at)}`))
  await write(store, remove('/k/7'), { type: 'put', key: '/held', value: bytes('held'), lease: id })
  const file = join(directory, 'a.snapshot')
  const shown = await show(store)
  assert.equal(await store.snapshot(file), { revision: 201, entries: 90 })
  return { file, shown, lease: id }
}

export function snapshotCases(kit: Kit): void {
  if (!kit.supports.snapshots) return

  kit.test('a snapshot restores state, revisions and leases', async (one) => {
    const { file, shown, lease } = await prepared(one)
    const other = await one.open()
    assert.is(await other.restore(file), 201)
    assert.equal(await show(other), shown)
    assert.is(await other.current(), 201)
    assert.is(other.compacted, 201)
    await rejectsWith('DAVIT_STORE_COMPACTED', other.get('/k/1', { revision: 200 }))
    assert.is(await write(other, put('/new', 'x')), 202)
    assert.is((await other.get('/held'))?.lease, lease)
    assert.ok((await other.grantLease(10)).id !== lease)
    await other.revokeLease(lease)
    assert.is(await other.get('/held'), undefined)
  })

  kit.test('a snapshot amid writers is the state of its revision', async ({ store, directory, open }) => {
    const keys = 50
    await write(store, ...Array.from({ length: keys }, (_, at) => put(`/k/${at}`, '0')))
    let writing = true
    const writer = async (): Promise<void> => {
      for (let round = 1; writing; round++) {
        await write(store, ...Array.from({ length: keys }, (_, at) => put(`/k/${at}`, `${round}`)))
        if (round % 10 === 0) await store.compact(await store.current())
        // An engine in memory may answer without a turn of the event loop, in which the snapshot could go on.
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    const done = writer()
    for (let round = 0; round < 3; round++) {
      const file = join(directory, `${round}.snapshot`)
      const { revision } = await store.snapshot(file)
      const other = await open()
      assert.is(await other.restore(file), revision)
      const { entries } = await other.range(everything)
      assert.is(entries.length, keys)
      for (const entry of entries) assert.is(text(entry.value), `${revision - 1}`)
    }
    writing = false
    await done
  })

  kit.test('a snapshot never overwrites a file', async ({ store, directory }) => {
    const file = join(directory, 'mine')
    await writeFile(file, 'mine')
    await rejectsWith('DAVIT_SNAPSHOT_EXISTS', store.snapshot(file))
    assert.is(await readFile(file, 'utf8'), 'mine')
    await rejectsWith('DAVIT_SNAPSHOT_FAILED', store.snapshot(join(directory, 'missing', 'x')))
    await rejectsWith('DAVIT_SNAPSHOT_FAILED', store.restore(join(directory, 'missing', 'x')))
  })

  kit.test('a store that holds something is not restored into', async (one) => {
    const { file } = await prepared(one)
    await rejectsWith('DAVIT_STORE_NOT_EMPTY', one.store.restore(file))
    const other = await one.open()
    await write(other, put('/a', '1'))
    await write(other, remove('/a'))
    await rejectsWith('DAVIT_STORE_NOT_EMPTY', other.restore(file))
    assert.is(await write(other, put('/a', '3')), 3)
  })

  kit.test('a damaged snapshot is refused wherever the damage is, and leaves the store empty and usable', async (one) => {
    const { file } = await prepared(one)
    const other = await one.open()
    const good = await readFile(file)
    const { size } = await stat(file)
    for (let round = 0; round < 12; round++) {
      const damaged = join(one.directory, `damaged-${round}`)
      await writeFile(damaged, good)
      if (round < 4) await truncate(damaged, Math.floor((size * round) / 4))
      else if (round === 4) await writeFile(damaged, Buffer.concat([good, Buffer.from('more')]))
      else {
        const at = Math.floor(((size - 1) * (round - 5)) / 6)
        const changed = Buffer.from(good)
        changed[at] = (changed[at] ?? 0) ^ 0x20
        await writeFile(damaged, changed)
      }
      await rejectsWith('DAVIT_SNAPSHOT_CORRUPT', other.restore(damaged))
      assert.is(await other.current(), 0)
      assert.equal(await show(other), [])
    }
    assert.is(await other.restore(file), 201)
  })

  kit.test('what comes during a restore waits for it, and old watches end', async (one) => {
    const { file } = await prepared(one)
    const other = await one.open()
    const watch = record(other, 0)
    const restoring = other.restore(file)
    const writing = write(other, put('/after', 'x'))
    const reading = other.get('/k/1')
    assert.is(await restoring, 201)
    assert.is(await writing, 202)
    assert.ok(await reading)
    assert.is(((await watch.end()) as { code?: unknown }).code, 'DAVIT_STORE_COMPACTED')
  })

  if (!kit.supports.durable) return
  kit.test('a restored store lives through a restart', async (one) => {
    const { file, shown } = await prepared(one)
    const directory = join(one.directory, 'restored')
    const other = await one.open(directory)
    await other.restore(file)
    await other.close()
    const again = await one.open(directory)
    assert.equal(await show(again), shown)
    assert.is(again.compacted, 201)
    assert.is(await write(again, put('/new', 'x')), 202)
  })
}
