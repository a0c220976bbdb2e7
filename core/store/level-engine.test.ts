import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { createVirtualClock } from '../kernel/clock-virtual.js'
import { assert, builtProgram, test } from '../testing/contract.js'
import type { Disk } from './disk.js'
import { openLevelStore } from './level-engine.js'
import { bytes, everything, put, record, rejectsWith, remove, silentLog, text, write } from './testkit/kit.js'
import { storeKit } from './testkit.js'

storeKit('level', (directory, services) => openLevelStore({ ...services, directory }), {
  supports: { durable: true, memo: true, leases: true, snapshots: true, remote: false },
})

// Without room for values in memory, everything is read back from the disk.
storeKit('level without a ring', (directory, services) => openLevelStore({ ...services, directory, ringBytes: 0 }), {
  supports: { durable: true, memo: false, leases: true, snapshots: true, remote: false },
})

const services = () => ({ clock: createVirtualClock(), log: silentLog })

test('a directory that this process has open is locked, and the error says what to do', async (context) => {
  const directory = await context.directory()
  const store = await openLevelStore({ ...services(), directory })
  context.defer(() => store.close())
  const error = await openLevelStore({ ...services(), directory }).then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  assert.is((error as { code?: unknown } | undefined)?.code, 'DAVIT_STORE_LOCKED')
  assert.ok(error?.message.includes(directory))
  await write(store, put('/a', '1'))
  await store.close()
  const again = await openLevelStore({ ...services(), directory })
  assert.is(await again.current(), 1)
  await again.close()
})

test('a directory that another process has open is locked until that one is gone', async (context) => {
  const directory = await context.directory()
  const program = await builtProgram(new URL('./testkit/crash-child.ts', import.meta.url))
  const args = [program, 'storm', directory, '0']
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.on('close', resolve))
  context.defer(() => child.kill('SIGKILL'))
  await new Promise<void>((resolve) => {
    let lines = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      lines += chunk.toString().split('\n').length - 1
      if (lines > 1) resolve()
    })
  })
  await rejectsWith('DAVIT_STORE_LOCKED', openLevelStore({ ...services(), directory }))
  child.kill('SIGKILL')
  await gone
  const store = await openLevelStore({ ...services(), directory })
  assert.ok((await store.current()) > 0)
  await store.close()
})

test('nobody else reads the data, also in a directory that was there', async (context) => {
  const directory = join(await context.directory(), 'data')
  await mkdir(directory, { mode: 0o755 })
  const store = await openLevelStore({ clock: createVirtualClock(), log: silentLog, directory })
  context.defer(() => store.close())
  assert.is((await stat(directory)).mode & 0o777, 0o700)
})

test('a directory that cannot be made, or is not a store’s, is refused', async (context) => {
  await rejectsWith('DAVIT_STORE_OPEN_FAILED', openLevelStore({ ...services(), directory: '/dev/null/store' }))
  const directory = await context.directory()
  const foreign = new Level(join(directory, 'foreign'))
  await foreign.put('mine', 'value')
  await foreign.close()
  await rejectsWith('DAVIT_STORE_FORMAT', openLevelStore({ ...services(), directory: join(directory, 'foreign') }))
  const newer = new Level(join(directory, 'newer'))
  await newer.put('mformat', '2')
  await newer.close()
  await rejectsWith('DAVIT_STORE_FORMAT', openLevelStore({ ...services(), directory: join(directory, 'newer') }))
})

/** Counts the batches that are written and the syncs among them. */
function counting(): { readonly wrap: (disk: Disk) => Disk; writes: number; syncs: number } {
  const counter = {
    writes: 0,
    syncs: 0,
    wrap: (disk: Disk): Disk =>
      wrapped(disk, {
        write: (writes, sync) => {
          counter.writes += 1
          if (sync) counter.syncs += 1
          return disk.write(writes, sync)
        },
      }),
  }
  return counter
}

function wrapped(disk: Disk, changes: Partial<Disk>): Disk {
  return {
    durable: disk.durable,
    boot: disk.boot,
    write: (writes, sync) => disk.write(writes, sync),
    read: (name) => disk.read(name),
    view: () => disk.view(),
    scan: (from, to) => disk.scan(from, to),
    recover: () => disk.recover(),
    gather: (flush) => disk.gather(flush),
    close: () => disk.close(),
    ...changes,
  }
}

test('writers that come together share one sync', async (context) => {
  const counter = counting()
  const store = await openLevelStore({ ...services(), directory: await context.directory(), wrap: counter.wrap })
  const before = { ...counter }
  await Promise.all(Array.from({ length: 64 }, (_, at) => write(store, put(`/k/${at}`, 'x'))))
  assert.is(counter.writes - before.writes, 1)
  assert.is(counter.syncs - before.syncs, 1)
  for (let at = 0; at < 5; at++) await write(store, put('/alone', `${at}`))
  assert.is(counter.syncs - before.syncs, 6)
  await store.close()
})

test('relaxed writes are not synced one by one, but within a second, and an idle store writes nothing', async (context) => {
  const counter = counting()
  const { clock, log } = services()
  const store = await openLevelStore({ clock, log, directory: await context.directory(), wrap: counter.wrap })
  const relaxed = (at: number) => store.transact({ compare: [], operations: [put('/a', `${at}`)], durability: 'relaxed' })
  await relaxed(0)
  const before = { ...counter }
  for (let at = 1; at <= 20; at++) await relaxed(at)
  assert.is(counter.writes - before.writes, 20)
  assert.is(counter.syncs - before.syncs, 0)
  await clock.advance(1_000)
  await store.transact({ compare: [], operations: [] })
  assert.is(counter.syncs - before.syncs, 1)
  const { writes } = counter
  const { id } = await store.grantLease(30)
  for (let at = 0; at < 100; at++) {
    await clock.advance(10_000)
    assert.ok(await store.keepLease(id))
  }
  assert.is(counter.writes - writes, 1)
  await store.close()
})

const machine = (name: string) => (disk: Disk) => wrapped(disk, { boot: name })
const relaxedly = async (name: string, directory: string, crash: boolean) => {
  const store = await openLevelStore({ ...services(), directory, wrap: machine(name) })
  for (let at = 0; at < 3; at++) {
    await store.transact({ compare: [], operations: [put('/a', `${at}`)], durability: 'relaxed' })
  }
  const current = await store.current()
  // What a crash leaves is copied while the store is open; a clean end comes after.
  if (!crash) await store.close()
  return { store, current }
}

test('after a crash of the machine no revision comes again that a relaxed write may have had', async (context) => {
  const directory = await context.directory()
  const { store, current } = await relaxedly('first', join(directory, 'live'), true)
  for (const name of ['same', 'other']) {
    await cp(join(directory, 'live'), join(directory, name), { recursive: true, filter: (file) => !file.endsWith('LOCK') })
  }
  await store.close()
  const same = await openLevelStore({ ...services(), directory: join(directory, 'same'), wrap: machine('first') })
  assert.is(await same.current(), current)
  assert.is(same.compacted, 0)
  await same.close()
  const other = await openLevelStore({ ...services(), directory: join(directory, 'other'), wrap: machine('second') })
  const jumped = await other.current()
  assert.ok(jumped >= current + 1_000)
  assert.is(other.compacted, jumped)
  assert.is(text((await other.get('/a'))?.value), '2')
  const watch = record(other, current)
  assert.is(((await watch.end()) as { code?: unknown }).code, 'DAVIT_STORE_COMPACTED')
  assert.is(await write(other, put('/a', 'on')), jumped + 1)
  await other.close()
  const again = await openLevelStore({ ...services(), directory: join(directory, 'other'), wrap: machine('third') })
  assert.is(await again.current(), jumped + 1)
  await again.close()
})

test('after a clean end the count goes on without a gap, on any start of the machine', async (context) => {
  const directory = await context.directory()
  const { current } = await relaxedly('first', directory, false)
  const store = await openLevelStore({ ...services(), directory, wrap: machine('second') })
  assert.is(await store.current(), current)
  assert.is(store.compacted, 0)
  await store.close()
})

test('a compaction that was cut off is finished on opening', async (context) => {
  const directory = await context.directory()
  let cut = false
  const wrap = (disk: Disk): Disk =>
    wrapped(disk, {
      write: (writes, sync) => {
        if (cut && writes.some(({ name, value }) => name.startsWith('d') && value === undefined)) return new Promise(() => {})
        return disk.write(writes, sync)
      },
    })
  const store = await openLevelStore({ ...services(), directory: join(directory, 'live'), wrap })
  for (let at = 0; at < 50; at++) await write(store, put(`/k/${at % 5}`, `${at}`))
  await write(store, remove('/k/4'))
  cut = true
  void store.compact(51)
  while (store.compacted < 51) await new Promise<void>((resolve) => setImmediate(resolve))
  await cp(join(directory, 'live'), join(directory, 'left'), { recursive: true, filter: (file) => !file.endsWith('LOCK') })
  const records = new Map<string, number>()
  const again = await openLevelStore({ ...services(), directory: join(directory, 'left') })
  assert.is(again.compacted, 51)
  assert.is((await again.range(everything)).count, 4)
  await again.transact({ compare: [], operations: [{ type: 'put', key: '/n', value: bytes('n') }] })
  await again.close()
  const database = new Level(join(directory, 'left'))
  for await (const name of database.keys()) records.set(name[0] ?? '', (records.get(name[0] ?? '') ?? 0) + 1)
  await database.close()
  assert.equal([records.get('d'), records.get('i')], [5, 5])
})
