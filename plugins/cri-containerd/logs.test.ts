import { appendFile, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, createTestServices, suite } from '@davit/core/testing'
import type { Client } from './client.js'
import { rotatedFiles } from './log-files.js'
import { createLineReader } from './log-lines.js'
import { createRotation, lookEveryMs, rotate } from './log-rotation.js'
import { tailOf } from './log-tail.js'
import { readLog } from './logs.js'

const time = '2026-01-02T03:04:05.000000006+01:00'
const line = (text: string, tag = 'F', stream = 'stdout', at = time): string => `${at} ${stream} ${tag} ${text}\n`
const { signal } = new AbortController()
const plain = { follow: false, timestamps: false, signal }
const never = () => new Promise<void>(() => {})

async function read(file: string, options: object = {}, ended = never): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readLog(file, { ...plain, ...options }, ended)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const lines = suite('lines')
const show = (text: string, options = { timestamps: false }, step = text.length): string => {
  const reader = createLineReader(options)
  const bytes = Buffer.from(text)
  const shown: Buffer[] = []
  for (let at = 0; at < bytes.length; at += step) shown.push(...reader.read(bytes.subarray(at, at + step)))
  return Buffer.concat(shown).toString()
}

lines('parts are joined, with one time before the first, for each stream by itself', () => {
  const text = line('a', 'P') + line('E', 'P', 'stderr') + line('b') + line('F', 'F', 'stderr') + line('', 'F')
  assert.is(show(text), 'aEb\nF\n\n')
  assert.is(show(text, { timestamps: true }), `${time} a${time} Eb\nF\n${time} \n`)
})

lines('the same comes out however the bytes are cut', () => {
  const text = line('one ü') + line('two  spaces ', 'P') + line('end', 'F') + line('{"a": "b c"}')
  for (let step = 1; step < 40; step += 1)
    assert.is(show(text, { timestamps: false }, step), 'one ü\ntwo  spaces end\n{"a": "b c"}\n')
})

lines('what is no line of a log is left out; a half-written one waits', () => {
  assert.is(show(`garbage\n${line('good')}${time} stdout F half`), 'good\n')
})

lines('what is older is left out', () => {
  const text = line('old', 'F', 'stdout', '2026-01-01T00:00:00Z') + line('new', 'F', 'stdout', '2026-01-01T00:00:01.5+00:00')
  const reader = createLineReader({ timestamps: false, sinceTime: Date.parse('2026-01-01T00:00:01Z') })
  assert.is(Buffer.concat(reader.read(Buffer.from(text))).toString(), 'new\n')
})

const tails = suite('tail')

tails('counts from the end, over the blocks in which a file is read', async (t) => {
  const file = join(await t.directory(), '0.log')
  const texts = Array.from({ length: 5_000 }, (_, index) => line(`${index} ${'x'.repeat(index % 100)}`))
  await writeFile(file, texts.join(''))
  const handle = await open(file)
  t.defer(() => handle.close())
  for (const count of [0, 1, 2, 999, 4_999]) {
    const { offset, found } = await tailOf(handle, count)
    assert.is(offset, Buffer.byteLength(texts.slice(0, 5_000 - count).join('')), `${count} lines`)
    assert.is(found, count)
  }
  assert.equal(await tailOf(handle, 5_001), { offset: 0, found: 5_000 })
})

tails('lines in parts count once, and one without an end counts', async (t) => {
  const file = join(await t.directory(), '0.log')
  await writeFile(file, line('one') + line('t', 'P') + line('w', 'P') + line('o') + line('three', 'P'))
  assert.is(await read(file, { tailLines: 1 }), 'three')
  assert.is(await read(file, { tailLines: 2 }), 'two\nthree')
  assert.is(await read(file, { tailLines: 3 }), 'one\ntwo\nthree')
  assert.is(await read(file, { tailLines: 0 }), '')
})

tails('goes on in the files that were rotated', async (t) => {
  const file = join(await t.directory(), '0.log')
  await writeFile(`${file}.10`, line('one'))
  await writeFile(`${file}.2`, line('two') + line('three'))
  await writeFile(file, line('four'))
  await writeFile(join(file, '../10.log'), line('another'))
  assert.equal(await rotatedFiles(file), [`${file}.10`, `${file}.2`])
  assert.is(await read(file), 'one\ntwo\nthree\nfour\n')
  assert.is(await read(file, { tailLines: 2 }), 'three\nfour\n')
  assert.is(await read(file, { tailLines: 4 }), 'one\ntwo\nthree\nfour\n')
  assert.is(await read(file, { limitBytes: 5 }), 'one\nt')
})

const follows = suite('follow')

follows('sees what is written, a new file after a rotation, and the end', async (t) => {
  const file = join(await t.directory(), '0.log')
  await writeFile(file, line('one'))
  let end: () => void = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  let seen = ''
  let wake: () => void = () => {}
  const shows = async (text: string): Promise<void> => {
    while (!seen.includes(text)) await new Promise<void>((resolve) => (wake = resolve))
  }
  const reading = (async () => {
    for await (const chunk of readLog(file, { ...plain, follow: true }, () => ended)) {
      seen += Buffer.from(chunk).toString()
      wake()
    }
  })()
  await shows('one')
  await appendFile(file, line('two'))
  await shows('two')
  await rename(file, `${file}.1`)
  await appendFile(`${file}.1`, line('late'))
  await writeFile(file, line('three'))
  await shows('three')
  await appendFile(file, line('last'))
  end()
  await reading
  assert.is(seen, 'one\ntwo\nlate\nthree\nlast\n')
})

follows('waits for a file that is not there yet, and ends when the caller gives up', async (t) => {
  const file = join(await t.directory(), '0.log')
  const stop = new AbortController()
  const reading = read(file, { follow: true, signal: stop.signal })
  await writeFile(file, '')
  await appendFile(file, line('x'))
  stop.abort()
  assert.ok(['', 'x\n'].includes(await reading))
  assert.is(await read(file, { follow: true, signal: stop.signal }), '')
})

const rotations = suite('rotation')

/** A runtime that begins a new file when it is told to, as the real one does. */
function runtime(file: string, works = true): Pick<Client, 'call'> & { readonly calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    async call(name) {
      calls.push(name)
      if (!works) throw new Error('not running')
      await writeFile(file, '')
      return {} as never
    },
  }
}

rotations('keeps as many files as it may, the newest first', async (t) => {
  const file = join(await t.directory(), '0.log')
  const { clock, log } = createTestServices()
  const parts = { client: runtime(file), clock, log, maxSize: 1, maxFiles: 3 }
  for (const text of ['one', 'two', 'three']) {
    await writeFile(file, text)
    await rotate(parts, 'c', file)
  }
  assert.equal((await readdir(join(file, '..'))).sort(), ['0.log', '0.log.1', '0.log.2'])
  assert.equal([await readFile(`${file}.1`, 'utf8'), await readFile(`${file}.2`, 'utf8')], ['three', 'two'])
  await rotate({ ...parts, maxFiles: 1 }, 'c', file)
  assert.is(await readFile(file, 'utf8'), '')
})

rotations('leaves the log where it is when the runtime refuses', async (t) => {
  const file = join(await t.directory(), '0.log')
  const { clock, log } = createTestServices()
  await writeFile(file, 'kept')
  const parts = { client: runtime(file, false), clock, log, maxSize: 1, maxFiles: 2 }
  await assert.rejects(rotate(parts, 'c', file), 'not running')
  assert.is(await readFile(file, 'utf8'), 'kept')
})

rotations('looks only at logs that grow, and lets go of them', async (t) => {
  const directory = join(await t.directory(), 'main')
  await mkdir(directory)
  const file = join(directory, '0.log')
  await writeFile(file, 'short')
  const { clock, log } = createTestServices()
  const client = runtime(file)
  const rotation = createRotation({ client, clock, log, maxSize: 100, maxFiles: 2 })
  t.defer(() => rotation.close())
  rotation.follow('c', file)
  rotation.follow('c', file)
  await clock.advance(10 * lookEveryMs)
  assert.is(clock.pending, 0, 'a silent log has no timer')
  await appendFile(file, 'x'.repeat(200))
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(lookEveryMs)
  while (client.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(client.calls, ['ReopenContainerLog'])
  rotation.stop('c')
  while (clock.pending > 0) await clock.advance(lookEveryMs)
  await appendFile(file, 'y'.repeat(200))
  await clock.advance(lookEveryMs)
  assert.is(client.calls.length, 1)
})
