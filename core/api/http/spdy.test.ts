import { Duplex } from 'node:stream'
import { constants, createDeflate, type Deflate } from 'node:zlib'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { createByteQueue } from './byte-queue.js'
import { createSpdySession, type SpdyStream } from './spdy.js'
import { spdyDictionary } from './spdy-dictionary.js'
import {
  controlFrame,
  createFrameParser,
  createHeaderReader,
  createHeaderWriter,
  dataFrame,
  type Frame,
  fin,
  frameTypes,
  number32,
} from './spdy-frames.js'
import { parseSize } from './terminal-size.js'

/** A client's end: compresses headers as Go does, and collects frames. */
function createPeer(t: TestContext) {
  const deflate: Deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH })
  let compressed: Buffer[] = []
  deflate.on('data', (part: Buffer) => compressed.push(part))
  const parse = createFrameParser()
  const frames: Frame[] = []
  const waiting: (() => void)[] = []
  let deliver: (chunk: Buffer) => void = () => {}
  const connection = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      frames.push(...parse(chunk))
      for (const wake of waiting.splice(0)) wake()
      done()
    },
  })
  deliver = (chunk) => void connection.push(chunk)
  t.defer(() => connection.destroy())
  t.defer(() => deflate.destroy())
  async function headers(pairs: Record<string, string>): Promise<Buffer> {
    const parts = [number32(Object.keys(pairs).length)]
    for (const text of Object.entries(pairs).flat()) parts.push(number32(text.length), Buffer.from(text))
    compressed = []
    await new Promise<void>((resolve) => deflate.write(Buffer.concat(parts), () => resolve()))
    return Buffer.concat(compressed)
  }
  return {
    connection,
    frames,
    send: (frame: Buffer) => deliver(frame),
    async open(id: number, pairs: Record<string, string>, flags = 0): Promise<void> {
      deliver(controlFrame(frameTypes.synStream, flags, number32(id), number32(0), Buffer.alloc(2), await headers(pairs)))
    },
    async until(condition: (frames: readonly Frame[]) => boolean): Promise<void> {
      while (!condition(frames)) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
const isControl = (kind: number) => (frame: Frame) => frame.type === 'control' && frame.kind === kind

function accepting(): { accept: (stream: SpdyStream) => void; next(): Promise<SpdyStream> } {
  const streams: SpdyStream[] = []
  let wake: () => void = () => {}
  return {
    accept(stream) {
      streams.push(stream)
      wake()
    },
    async next() {
      while (streams.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return streams.shift() as SpdyStream
    },
  }
}
async function collect(from: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of from) parts.push(part)
  return Buffer.concat(parts).toString()
}

test('the dictionary is the protocol’s, to the bit', () => {
  let [low, high] = [1, 0]
  for (const byte of spdyDictionary) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  assert.is(spdyDictionary.length, 1423)
  assert.is(high * 65_536 + low, 0xe3c6a7c2)
})

test('frames are cut at any byte', () => {
  const bytes = Buffer.concat([
    controlFrame(frameTypes.ping, 0, number32(7)),
    dataFrame(3, fin, Buffer.from('hello')),
    dataFrame(5, fin, Buffer.alloc(0)),
  ])
  for (let size = 1; size <= bytes.length; size++) {
    const parse = createFrameParser()
    const frames: Frame[] = []
    for (let at = 0; at < bytes.length; at += size) frames.push(...parse(bytes.subarray(at, at + size)))
    assert.is(frames[0]?.type, 'control')
    const data = frames.filter((frame) => frame.type === 'data')
    const hello = data.filter((frame) => frame.stream === 3)
    assert.is(Buffer.concat(hello.map((frame) => frame.payload)).toString(), 'hello')
    assert.equal(hello.map((frame) => frame.flags).filter(Boolean), [fin])
    assert.equal(
      data.filter((frame) => frame.stream === 5).map((frame) => frame.flags),
      [fin],
    )
  }
})

test('what is not SPDY/3 is refused', () => {
  const other = controlFrame(frameTypes.ping, 0, number32(7))
  other[1] = 2
  assert.fails(() => [...createFrameParser()(other)])
  const large = controlFrame(frameTypes.synStream, 0)
  large.writeUIntBE(0xffffff, 5, 3)
  assert.fails(() => [...createFrameParser()(large)])
})

test('our header blocks are read by any reader of the compressed stream', async () => {
  const writer = createHeaderWriter()
  const reader = createHeaderReader()
  for (let count = 0; count < 5; count++) assert.is((await reader.read(writer())).size, 0)
  reader.close()
})

test('a stream: headers, data both ways, its ends', async (t) => {
  const peer = createPeer(t)
  const streams = accepting()
  const session = createSpdySession(peer.connection, Buffer.alloc(0), streams.accept)
  await peer.open(1, { StreamType: 'stdin', Port: '80' })
  const stream = await streams.next()
  assert.equal(
    [...stream.headers],
    [
      ['streamtype', 'stdin'],
      ['port', '80'],
    ],
  )
  await peer.until((frames) => frames.some(isControl(frameTypes.synReply)))
  peer.send(dataFrame(1, 0, Buffer.from('one ')))
  peer.send(dataFrame(1, fin, Buffer.from('two')))
  assert.is(await collect(stream.incoming), 'one two')
  await stream.write(Buffer.alloc(100_000, 'x'))
  stream.end()
  stream.end()
  await peer.until((frames) => frames.some((frame) => frame.type === 'data' && frame.flags === fin))
  const data = peer.frames.filter((frame) => frame.type === 'data')
  assert.is(
    data.reduce((sum, frame) => sum + frame.payload.length, 0),
    100_000,
  )
  assert.is(data.filter((frame) => frame.flags === fin).length, 1)
  session.close()
  await peer.until((frames) => frames.some(isControl(frameTypes.goAway)))
})

test('many streams share one compressed stream of headers', async (t) => {
  const peer = createPeer(t)
  const streams = accepting()
  createSpdySession(peer.connection, Buffer.alloc(0), streams.accept)
  for (let id = 1; id < 40; id += 2) await peer.open(id, { streamtype: 'data', requestid: String(id), port: '8080' })
  for (let id = 1; id < 40; id += 2) assert.is((await streams.next()).headers.get('requestid'), String(id))
})

test('pings come back; resets end what comes in', async (t) => {
  const peer = createPeer(t)
  const streams = accepting()
  createSpdySession(peer.connection, Buffer.alloc(0), streams.accept)
  peer.send(controlFrame(frameTypes.ping, 0, number32(99)))
  await peer.until((frames) =>
    frames.some((frame) => frame.type === 'control' && frame.kind === frameTypes.ping && frame.payload.readUInt32BE() === 99),
  )
  await peer.open(1, {})
  const stream = await streams.next()
  peer.send(controlFrame(frameTypes.reset, 0, number32(1), number32(5)))
  assert.is(await collect(stream.incoming), '')
  await stream.write(Buffer.from('to nobody'))
})

test('a stream id that is not new is reset', async (t) => {
  const peer = createPeer(t)
  const streams = accepting()
  createSpdySession(peer.connection, Buffer.alloc(0), streams.accept)
  await peer.open(3, {})
  await streams.next()
  await peer.open(1, {})
  await peer.until((frames) => frames.some(isControl(frameTypes.reset)))
})

test('a consumer that is behind stops the connection, and starts it again', async (t) => {
  const peer = createPeer(t)
  const streams = accepting()
  createSpdySession(peer.connection, Buffer.alloc(0), streams.accept)
  await peer.open(1, {})
  const stream = await streams.next()
  for (let count = 0; count < 64; count++) peer.send(dataFrame(1, count === 63 ? fin : 0, Buffer.alloc(65_536, 'y')))
  while (!peer.connection.isPaused()) await new Promise((resolve) => setImmediate(resolve))
  assert.is((await collect(stream.incoming)).length, 64 * 65_536)
})

test('nonsense ends the session', async (t) => {
  const peer = createPeer(t)
  const session = createSpdySession(peer.connection, Buffer.alloc(0), () => {})
  peer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n').fill(0xff, 0, 8))
  if (!session.signal.aborted) await new Promise((resolve) => session.signal.addEventListener('abort', resolve))
  assert.ok(peer.connection.destroyed)
  const second = createPeer(t)
  const broken = createSpdySession(second.connection, Buffer.alloc(0), () => {})
  second.send(controlFrame(frameTypes.synStream, 0, number32(1), number32(0), Buffer.alloc(2), Buffer.from('no zlib')))
  if (!broken.signal.aborted) await new Promise((resolve) => broken.signal.addEventListener('abort', resolve))
})

test('a queue gives in order what was pushed, and ends', async () => {
  const full: boolean[] = []
  const queue = createByteQueue({ limit: 3, full: (isFull) => full.push(isFull) })
  queue.push(Buffer.from('ab'))
  queue.push(Buffer.from('cd'))
  queue.end()
  queue.push(Buffer.from('late'))
  assert.is(await collect(queue), 'abcd')
  assert.equal(full, [true, false])
})

test('sizes of terminals are numbers of cells', () => {
  assert.equal(parseSize(Buffer.from('{"Width":80,"Height":24}')), { width: 80, height: 24 })
  for (const text of [
    '',
    'null',
    '[]',
    '{"Width":80}',
    '{"Width":-1,"Height":1}',
    '{"Width":1.5,"Height":1}',
    '{"Width":"1","Height":1}',
  ]) {
    assert.is(parseSize(Buffer.from(text)), undefined)
  }
})
