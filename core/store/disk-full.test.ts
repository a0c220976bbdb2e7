import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createVirtualClock } from '../kernel/clock-virtual.js'
import { assert, test } from '../testing/contract.js'
import type { Store } from './contract.js'
import type { Disk } from './disk.js'
import { openLevelStore } from './level-engine.js'
import { indexName } from './records.js'
import { everything, put, record, rejectsWith, remove, silentLog, text, write } from './testkit/kit.js'

const run = promisify(execFile)
const services = () => ({ clock: createVirtualClock(), log: silentLog })
const codeOf = (result: PromiseSettledResult<unknown>): unknown =>
  result.status === 'rejected' ? (result.reason as { code?: unknown }).code : 'ok'

interface Faulty {
  readonly wrap: (disk: Disk) => Disk
  /** `before`: nothing of the batch lands. `after`: all of it does, and the sync is what failed. */
  fail: 'before' | 'after' | undefined
}

function faulty(): Faulty {
  const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const faults: Faulty = {
    fail: undefined,
    wrap: (disk) => ({
      durable: true,
      boot: disk.boot,
      read: (name) => disk.read(name),
      view: () => disk.view(),
      scan: (from, to) => disk.scan(from, to),
      gather: (flush) => disk.gather(flush),
      close: () => disk.close(),
      recover: async () => {
        if (faults.fail) throw full()
        await disk.recover()
      },
      write: async (writes, sync) => {
        if (faults.fail === 'before') throw full()
        await disk.write(writes, sync)
        if (faults.fail === 'after') throw full()
      },
    }),
  }
  return faults
}

for (const fail of ['before', 'after'] as const) {
  test(`a write that fails ${fail} it lands is refused with all that was built on it, and leaves no trace`, async (context) => {
    const directory = await context.directory()
    const faults = faulty()
    let store = await openLevelStore({ ...services(), directory, wrap: faults.wrap })
    const { id } = await store.grantLease(1000)
    await write(store, put('/a', '1'), put('/b', '1'))
    await write(store, { type: 'put', key: '/held', value: new Uint8Array(1), lease: id })
    const watch = record(store, 0)
    await watch.reached(2)
    faults.fail = fail
    const refused = await Promise.allSettled([
      store.transact({ compare: [], operations: [put('/a', 'never'), remove('/b'), put('/new', 'never')] }),
      store.transact({ compare: [{ key: '/new', revision: 3 }], operations: [put('/a', 'nor this')] }),
      store.transact({ compare: [{ key: '/b', revision: 2 }], operations: [] }),
      store.transact({ compare: [], operations: [put('/c', 'x')], durability: 'relaxed' }),
      store.revokeLease(id),
      store.grantLease(10),
    ])
    assert.equal(refused.map(codeOf), Array(6).fill('DAVIT_STORE_WRITE_FAILED'))
    for (let round = 0; round < 10; round++) await rejectsWith('DAVIT_STORE_WRITE_FAILED', write(store, put('/a', 'never')))

    const present = async (of: Store) =>
      (await of.range(everything)).entries.map((entry) => `${entry.key}@${entry.revision} ${text(entry.value)?.[0]}`)
    const before = ['/a@1 1', '/b@1 1', '/held@2 \0']
    assert.equal(await present(store), before)
    assert.is(await store.current(), 2)
    assert.is(await store.keepLease(id), true)

    faults.fail = undefined
    assert.equal(await store.transact({ compare: [{ key: '/a', revision: 1 }], operations: [put('/a', '3')] }), {
      ok: true,
      revision: 3,
    })
    await watch.reached(3)
    assert.equal(watch.lines().slice(3), ['3 /a=3'])
    await store.close()
    store = await openLevelStore({ ...services(), directory })
    assert.equal(await present(store), ['/a@3 3', '/b@1 1', '/held@2 \0'])
    assert.is(await store.get('/c'), undefined)
    await store.revokeLease(id)
    assert.is(await store.get('/held'), undefined)
    await store.close()
  })
}

test('a lease whose end cannot be written ends when it can', async (context) => {
  const faults = faulty()
  const { clock, log } = services()
  const store = await openLevelStore({ clock, log, directory: await context.directory(), wrap: faults.wrap })
  const { id } = await store.grantLease(5)
  await write(store, { type: 'put', key: '/held', value: new Uint8Array(1), lease: id })
  const settled = async () => {
    await store.transact({ compare: [], operations: [] }).catch(() => {})
    await clock.settle()
  }
  faults.fail = 'before'
  await clock.advance(6_000)
  await settled()
  assert.ok(await store.get('/held'))
  faults.fail = undefined
  await clock.advance(2_000)
  await settled()
  assert.is(await store.get('/held'), undefined)
  await store.close()
})

test('a restore that cannot be written leaves an empty store', async (context) => {
  const directory = await context.directory()
  const source = await openLevelStore({ ...services(), directory: join(directory, 'source') })
  for (let at = 0; at < 20; at++) await write(source, put(`/k/${at}`, 'x'))
  await source.snapshot(join(directory, 'snapshot'))
  await source.close()
  const faults = faulty()
  let failures = 0
  // The mark of the restore is the first write and lands; the second lands and is said to have failed.
  const wrap = (disk: Disk): Disk => {
    const inner = faults.wrap(disk)
    return {
      ...inner,
      write: async (writes, sync) => {
        if (writes.some(({ name, value }) => name === indexName('/k/5', 6) && value) && failures++ === 0) {
          await disk.write(writes, false)
          throw new Error('no space left on device')
        }
        await inner.write(writes, sync)
      },
    }
  }
  const target = join(directory, 'target')
  const store = await openLevelStore({ ...services(), directory: target, wrap })
  await rejectsWith('DAVIT_STORE_WRITE_FAILED', store.restore(join(directory, 'snapshot')))
  assert.is(failures, 1)
  assert.is((await store.range(everything)).count, 0)
  assert.is(await store.restore(join(directory, 'snapshot')), 20)
  await store.close()
  const again = await openLevelStore({ ...services(), directory: target })
  assert.is((await again.range(everything)).count, 20)
  await again.close()
})

test(
  'a disk that is really full: reads go on, writes are refused, and both go on once there is room',
  async (context) => {
    const mount = await context.directory()
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount])
    context.defer(() => run('umount', ['-l', mount]))
    const directory = join(mount, 'store')
    let store = await openLevelStore({ ...services(), directory })
    context.defer(() => store.close())
    const ballast = join(mount, 'ballast')
    await writeFile(ballast, new Uint8Array(8 * 1024 * 1024))

    const written: string[] = []
    let refused = 0
    for (let at = 0; refused < 5; at++) {
      assert.ok(at < 1_000)
      const key = `/k/${String(at).padStart(4, '0')}`
      const operation = { type: 'put' as const, key, value: Buffer.concat([Buffer.from(key), randomBytes(64 * 1024)]) }
      const result = await store.transact({ compare: [{ key, revision: 0 }], operations: [operation] }).catch((error) => {
        assert.is((error as { code?: unknown }).code, 'DAVIT_STORE_WRITE_FAILED')
        return undefined
      })
      if (result) written.push(key)
      else refused++
    }
    const check = async () => {
      const { entries } = await store.range(everything)
      assert.equal(
        entries.map((entry) => entry.key),
        written,
      )
      for (const entry of entries) assert.is(text(entry.value)?.slice(0, entry.key.length), entry.key)
      assert.is(await store.current(), written.length)
    }
    assert.ok(written.length > 50)
    await check()
    await rejectsWith('DAVIT_STORE_WRITE_FAILED', write(store, put('/k/x', 'still full')))

    await rm(ballast)
    assert.is(await write(store, put('/k/9999', '/k/9999')), written.length + 1)
    written.push('/k/9999')
    await check()
    await store.close()
    store = await openLevelStore({ ...services(), directory })
    await check()
  },
  { requires: ['root'], timeoutMs: 20_000 },
)
