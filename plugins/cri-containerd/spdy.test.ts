import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import { assert, type TestContext, test } from '@davit/core/testing'
import { connectSpdy, createFrameParser, createHeaderWriter, dataFrame, type Frame, type SpdyConnection } from './spdy.js'
import { exitCodeOf } from './streams.js'

const { signal } = new AbortController()

/** What a server is told: each frame, and a way to answer. */
async function withServer(
  t: TestContext,
  onFrame: (frame: Frame, socket: Duplex) => void,
): Promise<{ readonly connection: SpdyConnection; readonly server: Server }> {
  const server = createServer()
  server.on('upgrade', (_request, socket) => {
    const parse = createFrameParser()
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('data', (chunk: Buffer) => {
      for (const frame of parse(chunk)) onFrame(frame, socket)
    })
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = await connectSpdy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/exec/x`, 'v4', signal)
  t.defer(async () => {
    connection.close()
    await connection.closed
    await new Promise((resolve) => server.close(resolve))
  })
  return { connection, server }
}

async function inflate(...blocks: Buffer[]): Promise<Buffer> {
  const stream = createInflateRaw()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const block of blocks) await new Promise<void>((resolve) => stream.write(block, () => resolve()))
  stream.destroy()
  return Buffer.concat(chunks)
}

test('blocks of headers are one compressed stream, each whole when it has come', async () => {
  const write = createHeaderWriter()
  const [first, second] = [write({ streamtype: 'error' }), write({ a: '1', b: 'zwei' })]
  assert.equal([...first.subarray(0, 6)], [0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2])
  const block = await inflate(first.subarray(6))
  assert.is(block.toString('latin1'), '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error')
  const both = await inflate(first.subarray(6), second)
  assert.is(both.subarray(block.length).toString('latin1'), '\0\0\0\x02\0\0\0\x01a\0\0\0\x011\0\0\0\x01b\0\0\0\x04zwei')
})

test('frames are the same however their bytes come', () => {
  const bytes = Buffer.concat([
    dataFrame(1, 0, Buffer.from('hello')),
    dataFrame(3, 1, Buffer.alloc(0)),
    dataFrame(5, 0, Buffer.alloc(70_000)),
  ])
  for (const step of [1, 7, 13, 65_536, bytes.length]) {
    const parse = createFrameParser()
    const seen: string[] = []
    for (let at = 0; at < bytes.length; at += step) {
      for (const { id, flags, payload } of parse(bytes.subarray(at, at + step))) seen.push(`${id}/${flags}/${payload.length}`)
    }
    assert.equal(seen, ['1/0/5', '3/1/0', '5/0/70000'], `in steps of ${step}`)
  }
})

test('streams are opened in order, written in pieces, ended once, and pings come back', async (t) => {
  const frames: Frame[] = []
  let told: () => void = () => {}
  const { connection } = await withServer(t, (frame, socket) => {
    frames.push(frame)
    if (frame.kind === 1 && frames.length === 1) socket.write(Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2]))
    told()
  })
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise<void>((resolve) => (told = resolve))
  }
  const one = connection.open({ streamtype: 'stdin' })
  const two = connection.open({ streamtype: 'stdout' })
  await one.write(Buffer.alloc(100_000))
  one.end()
  one.end()
  await one.write(Buffer.from('too late'))
  two.end()
  await until(() => frames.some(({ id, flags }) => id === 3 && flags === 1))
  await until(() => frames.some(({ kind }) => kind === 6))
  const opened = frames.filter(({ kind }) => kind === 1).map(({ payload }) => payload.readUInt32BE(0))
  assert.equal(opened, [1, 3])
  const data = frames.filter(({ id }) => id === 1)
  assert.is(
    data.reduce((sum, { payload }) => sum + payload.length, 0),
    100_000,
  )
  assert.is(data.filter(({ flags }) => flags === 1).length, 1)
  assert.equal([...(frames.find(({ kind }) => kind === 6)?.payload ?? [])], [0, 0, 0, 2])
})

test('a slow taker gets all, in order; a stream that is reset and a lost connection end', async (t) => {
  const { connection } = await withServer(t, ({ kind, payload }, socket) => {
    if (kind !== 1) return
    const id = payload.readUInt32BE(0)
    if (id === 1) for (let turn = 0; turn < 50; turn += 1) socket.write(dataFrame(1, 0, Buffer.from(`${turn} `)))
    if (id === 3) socket.write(Buffer.from([0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 5]))
    if (id === 5) socket.end()
  })
  let seen = ''
  const slow = connection.open({}, async (chunk) => {
    await new Promise((resolve) => setImmediate(resolve))
    seen += chunk.toString()
  })
  await connection.open({}).ended
  await connection.open({}).ended
  await Promise.all([slow.ended, connection.closed])
  assert.is(seen, Array.from({ length: 50 }, (_, turn) => `${turn} `).join(''))
  await connection.open({}).ended
})

test('a server that does not switch is an error in its own words', async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(404)
    response.end('cannot find the token')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.defer(() => new Promise((resolve) => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await assert.rejects(connectSpdy(url, 'v4', signal), 'cannot find the token')
})

test('the last word says the code', () => {
  assert.is(exitCodeOf('{"status":"Success"}'), 0)
  const failure = { status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '42' }] } }
  assert.is(exitCodeOf(JSON.stringify(failure)), 42)
  assert.throws(() => exitCodeOf('{"status":"Failure","message":"no such file"}'), 'no such file')
  assert.throws(() => exitCodeOf(''), 'lost')
  assert.throws(() => exitCodeOf('oops'), 'oops')
})
