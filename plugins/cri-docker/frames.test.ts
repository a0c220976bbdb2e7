import { assert, test } from '@davit/core/testing'
import { createFrameReader, createRawReader } from './frames.js'
import { jsonLines } from './json-lines.js'
import { createLineJoiner, logQuery } from './logs.js'

function frame(stream: 0 | 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

/** What comes of the bytes when they arrive in chunks of this size. */
function demultiplex(bytes: Buffer, chunkSize: number): { stdout: string; stderr: string; order: string } {
  const reader = createFrameReader()
  const seen = { stdout: '', stderr: '', order: '' }
  for (let at = 0; at < bytes.length; at += chunkSize) {
    for (const { stream, data, first } of reader.read(bytes.subarray(at, at + chunkSize))) {
      seen[stream] += data.toString('latin1')
      if (first) seen.order += stream === 'stdout' ? 'o' : 'e'
    }
  }
  return seen
}

test('frames come apart the same wherever the chunks are cut', () => {
  const bytes = Buffer.concat([
    frame(1, 'one\n'),
    frame(2, 'warning\n'),
    frame(1, ''),
    frame(1, 'x'.repeat(300)),
    frame(2, '!'),
    frame(0, 'input is output here'),
  ])
  const whole = { stdout: `one\n${'x'.repeat(300)}input is output here`, stderr: 'warning\n!', order: 'oeoeo' }
  for (let size = 1; size <= bytes.length; size += 1) assert.equal(demultiplex(bytes, size), whole, `chunks of ${size}`)
})

test('a long frame is passed on before it is complete', () => {
  const reader = createFrameReader()
  const bytes = frame(1, 'abcdef')
  assert.equal(
    reader.read(bytes.subarray(0, 10)).map(({ data, first }) => [data.toString(), first]),
    [['ab', true]],
  )
  assert.equal(
    reader.read(bytes.subarray(10)).map(({ data, first }) => [data.toString(), first]),
    [['cdef', false]],
  )
})

test('bytes that are no frames are an error, not output', () => {
  assert.throws(() => createFrameReader().read(Buffer.from('plain text')), /no frame of Docker's/)
})

test('a terminal has no frames', () => {
  const [piece] = createRawReader().read(Buffer.from('\x01\x00raw'))
  assert.equal([piece?.stream, piece?.data.toString('latin1')], ['stdout', '\x01\x00raw'])
})

test('a long line keeps the time of its first frame alone, each stream for itself', () => {
  const [early, late] = ['2026-01-01T00:00:00.000000001Z ', '2026-01-01T00:00:00.000000002Z ']
  const bytes = Buffer.concat([
    frame(1, `${early}begin`),
    frame(2, `${late}other\n`),
    frame(1, `${late}-middle`),
    frame(1, `${late}-end\n`),
    frame(1, `${late}next\n`),
  ])
  for (const size of [1, 7, 20, bytes.length]) {
    const [reader, join] = [createFrameReader(), createLineJoiner()]
    let text = ''
    for (let at = 0; at < bytes.length; at += size) {
      for (const piece of reader.read(bytes.subarray(at, at + size))) {
        const data = join(piece).toString()
        if (piece.stream === 'stdout') text += data
      }
    }
    assert.is(text, `${early}begin-middle-end\n${late}next\n`, `chunks of ${size}`)
  }
})

test('what is asked of a log is what Docker is asked', () => {
  const { signal } = new AbortController()
  const always = { stdout: 'true', stderr: 'true' }
  assert.equal(logQuery({ follow: false, timestamps: false, signal }), {
    ...always,
    follow: 'false',
    timestamps: 'false',
    tail: 'all',
  })
  assert.equal(logQuery({ follow: true, timestamps: true, tailLines: 0, sinceTime: 1_700_000_000_001, signal }), {
    ...always,
    follow: 'true',
    timestamps: 'true',
    tail: '0',
    since: '1700000000.001',
  })
})

test('JSON lines come whole out of any chunks, a character of several bytes too', async () => {
  const bytes = Buffer.from('{"a":"ä€"}\n\n{"b":[1,2]}\r\n{"c":3}')
  for (let size = 1; size <= bytes.length; size += 1) {
    const values: unknown[] = []
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    })()
    for await (const value of jsonLines(chunks)) values.push(value)
    assert.equal(values, [{ a: 'ä€' }, { b: [1, 2] }, { c: 3 }], `chunks of ${size}`)
  }
})
