import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, createTestServices, createVirtualClock, type TestContext, test } from '@davit/core/testing'
import type { AuditConfig } from './config.js'
import { LogFile } from './log-file.js'

const defaults = { policyFile: '-', maxSizeMegabytes: 0, maxBackups: 0, maxAgeDays: 0, batchMs: 100, queueMegabytes: 1 }

async function start(t: TestContext, config: Partial<AuditConfig> = {}) {
  const directory = await t.directory()
  const path = config.path ?? join(directory, 'logs', 'audit.log')
  const clock = createVirtualClock(Date.UTC(2025, 0, 1))
  const { log, lines } = createTestServices()
  const file = new LogFile({ ...defaults, whenFull: 'drop', ...config, path }, clock, log)
  await file.open()
  t.defer(() => file.close())
  return { file, path, clock, lines, logs: join(directory, 'logs') }
}

test('lines are gathered, written together and in order, for the owner alone', async (t) => {
  const { file, path } = await start(t)
  for (let count = 0; count < 100; count += 1) file.add(`${count}\n`)
  assert.is(await readFile(path, 'utf8'), '', 'nothing yet')
  await file.flush()
  assert.is(await readFile(path, 'utf8'), Array.from({ length: 100 }, (_, count) => `${count}\n`).join(''))
  assert.is((await stat(path)).mode & 0o777, 0o600)
  assert.equal(file.counts, { written: 100, dropped: 0 })
})

test('the time of a batch is all that they wait, and what is there stays at the next start', async (t) => {
  const { file, path, clock } = await start(t)
  file.add('one\n')
  await clock.advance(100)
  await file.close()
  const second = await start(t, { path })
  second.file.add('two\n')
  await second.file.close()
  assert.is(await readFile(path, 'utf8'), 'one\ntwo\n')
})

test('by size a new file is begun, and no more old ones are kept than shall be', async (t) => {
  const { file, path, clock, logs } = await start(t, { maxSizeMegabytes: 0.001, maxBackups: 2 })
  const line = `${'x'.repeat(599)}\n`
  for (let count = 0; count < 6; count += 1) {
    file.add(line)
    await file.flush()
    await clock.advance(1000)
  }
  const names = (await readdir(logs)).sort()
  assert.is(names.length, 3, names.join(' '))
  assert.match(names[0] ?? '', /^audit-2025-01-01T00-00-0\d\.000\.log$/)
  assert.is(await readFile(path, 'utf8'), line)
  assert.equal(file.counts, { written: 6, dropped: 0 })
})

test('old files go by age; other files beside them are left alone', async (t) => {
  const first = await start(t)
  await writeFile(join(first.logs, 'audit-2024-12-01T00-00-00.000.log'), 'old')
  await writeFile(join(first.logs, 'audit-2024-12-31T00-00-00.000.log'), 'new')
  await writeFile(join(first.logs, 'audit-notes.log'), 'mine')
  await first.file.close()
  await start(t, { path: first.path, maxAgeDays: 7 })
  assert.equal((await readdir(first.logs)).sort(), ['audit-2024-12-31T00-00-00.000.log', 'audit-notes.log', 'audit.log'])
})

test('a full queue drops and counts, or makes the server wait', async (t) => {
  const line = `${'x'.repeat(5999)}\n`
  const dropping = await start(t, { queueMegabytes: 0.01 })
  for (let count = 0; count < 5; count += 1) dropping.file.add(line)
  await dropping.file.flush()
  assert.equal(dropping.file.counts, { written: 1, dropped: 4 })
  assert.is(dropping.lines.filter(({ message }) => /are lost/.test(message)).length, 1, 'it is said once')
  dropping.file.add(line)
  await dropping.file.flush()
  assert.is(dropping.file.counts.written, 2, 'and goes on when there is room again')
  const blocking = await start(t, { queueMegabytes: 0.01, whenFull: 'block' })
  for (let count = 0; count < 5; count += 1) blocking.file.add(`${count}${line}`)
  await blocking.file.flush()
  assert.equal(blocking.file.counts, { written: 5, dropped: 0 })
  const text = await readFile(blocking.path, 'utf8')
  assert.equal(text.match(/^\d/gm), ['0', '1', '2', '3', '4'])
})

test('a queue that is full while a new file is begun loses nothing', async (t) => {
  const { file, logs } = await start(t, { maxSizeMegabytes: 0.001, queueMegabytes: 0.01, whenFull: 'block' })
  const line = `${'x'.repeat(5999)}\n`
  let added = 0
  for (let round = 0; round < 30; round += 1) {
    let done = false
    file.add(line)
    added += 1
    const flushed = file.flush().then(() => {
      done = true
    })
    while (!done) {
      file.add(line)
      added += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    await flushed
  }
  await file.close()
  assert.equal(file.counts, { written: added, dropped: 0 })
  const sizes = await Promise.all((await readdir(logs)).map(async (name) => (await stat(join(logs, name))).size))
  assert.is(
    sizes.reduce((sum, size) => sum + size, 0),
    added * line.length,
  )
})

test('the queue is counted in bytes', async (t) => {
  const { file } = await start(t, { queueMegabytes: 0.01 })
  file.add('x'.repeat(8000))
  file.add('☃'.repeat(1500))
  file.add('x'.repeat(2000))
  await file.flush()
  assert.equal(file.counts, { written: 2, dropped: 1 })
})

test('a disk that refuses is counted, and stops nothing', async (t) => {
  const { file, lines } = await start(t, { path: '/dev/full' })
  for (let round = 0; round < 3; round += 1) {
    file.add('one\n')
    await file.flush()
  }
  assert.equal(file.counts, { written: 0, dropped: 3 })
  assert.is(lines.filter(({ message }) => /are lost/.test(message)).length, 1)
})

test('more than one chunk: each is written, or lost, with the lines that it holds', async (t) => {
  const line = `${'☃'.repeat(333)}\n`
  const { file, path } = await start(t, { queueMegabytes: 10 })
  for (let count = 0; count < 1000; count += 1) file.add(line)
  await file.flush()
  assert.is(await readFile(path, 'utf8'), line.repeat(1000))
  assert.equal(file.counts, { written: 1000, dropped: 0 })
  const full = await start(t, { path: '/dev/full', queueMegabytes: 1 })
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 900; count += 1) full.file.add(line)
    await full.file.flush()
  }
  assert.equal(full.file.counts, { written: 0, dropped: 2700 }, 'and what was lost waits no longer')
})
