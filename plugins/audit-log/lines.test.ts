import { assert, test } from '@davit/core/testing'
import { Lines } from './lines.js'

const textOf = (chunks: readonly { bytes: Buffer }[]): string => Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()

test('lines come back whole, in order and counted, whatever they are written in', () => {
  const lines = new Lines()
  const given = ['one\n', '\n', 'ünï ☃ 😀\n', `${'☃'.repeat(200_000)}\n`, 'last\n']
  const sizes = given.map((line) => lines.add(line))
  assert.equal(
    sizes,
    given.map((line) => Buffer.byteLength(line)),
  )
  const chunks = lines.take()
  assert.is(textOf(chunks), given.join(''))
  assert.is(
    chunks.reduce((sum, { count }) => sum + count, 0),
    given.length,
  )
  for (const { bytes } of chunks) assert.is(bytes.at(-1), 10, 'no line is in two chunks')
})

test('the memory that lines take is that of their bytes, also where most of them are long', () => {
  const lines = new Lines()
  const line = `${'x'.repeat(60_000)}\n`
  for (let count = 0; count < 40; count += 1) lines.add(line)
  lines.add('☃'.repeat(200_000))
  const chunks = lines.take()
  const memory = new Set(chunks.map(({ bytes }) => bytes.buffer))
  const sum = [...memory].reduce((total, { byteLength }) => total + byteLength, 0)
  assert.is(sum, 10 * 256 * 1024 + 600_000, 'four of them in each chunk, and one chunk for the longest')
  assert.is(textOf(chunks), line.repeat(40) + '☃'.repeat(200_000))
})

test('what was taken stays as it is while further lines come', () => {
  const lines = new Lines()
  assert.equal(lines.take(), [], 'nothing waits')
  lines.add('first\n')
  const taken = lines.take()
  for (let count = 0; count < 20_000; count += 1) lines.add(`line ${count} of those that come later\n`)
  assert.is(textOf(taken), 'first\n')
  const later = lines.take()
  assert.is(later.length > 1, true, 'more than one chunk')
  assert.is(textOf(later).split('\n').length, 20_001)
  assert.equal(lines.take(), [])
})

test('memory is used again once it is written, and never before', () => {
  const lines = new Lines()
  const line = `${'x'.repeat(999)}\n`
  const round = () => {
    for (let count = 0; count < 600; count += 1) lines.add(line)
    return lines.take()
  }
  const memoryOf = (chunks: ReturnType<typeof round>) => new Set(chunks.map(({ bytes }) => bytes.buffer))
  const [first, second] = [round(), round()]
  assert.is(textOf([...first, ...second]), line.repeat(1200), 'nothing was freed: nothing is written over')
  // The end of a round lies where the next one begins.
  const shared = [...memoryOf(first)].filter((memory) => memoryOf(second).has(memory))
  assert.is(shared.length, 1)
  for (const chunk of first) lines.free(chunk)
  const third = round()
  assert.is([...memoryOf(third)].filter((memory) => memoryOf(first).has(memory) && memory !== shared[0]).length, 2)
  assert.is(textOf([...second, ...third]), line.repeat(1200), 'what waits on the shared memory stays')
})
