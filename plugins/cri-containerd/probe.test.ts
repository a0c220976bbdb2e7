import { once } from 'node:events'
import { createServer, type Http2Server } from 'node:http2'
import { createServer as createNetServer } from 'node:net'
import { assert, createTestServices, test } from '@davit/core/testing'
import { createContainerdDriver } from './driver.js'
import { probe } from './probe.js'
import { configOf } from './testing.js'

async function serving(path: string, status: string, body: Buffer): Promise<Http2Server> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/grpc' })
    response.addTrailers({ 'grpc-status': status })
    response.end(body)
  }).listen(path)
  await once(server, 'listening')
  return server
}

const closed = (server: { close(done: () => void): unknown }) => new Promise<void>((resolve) => void server.close(resolve))

test('a machine without a runtime says so', async () => {
  const { clock, log } = createTestServices()
  const driver = createContainerdDriver({ clock, log, config: configOf(undefined) })
  const reason = 'no container runtime at /nonexistent/containerd.sock'
  assert.equal(await driver.probe(), { usable: false, reason })
})

test('a socket at which nobody answers in time is none', async (t) => {
  const path = `${await t.directory()}/silent.sock`
  const server = createNetServer((socket) => {
    socket.resume()
    socket.on('error', () => {})
  }).listen(path)
  t.defer(() => closed(server))
  await once(server, 'listening')
  const answer = await probe(path, 20)
  assert.is(answer.usable, false)
  assert.match(answer.usable ? '' : answer.reason, 'no answer within 20 ms')
})

test('a socket that speaks something else is none', async (t) => {
  const path = `${await t.directory()}/other.sock`
  const server = createNetServer((socket) => {
    socket.resume()
    socket.on('error', () => {})
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  }).listen(path)
  t.defer(() => closed(server))
  await once(server, 'listening')
  assert.is((await probe(path)).usable, false)
})

test('a runtime says its name and version; one that does not serve the interface, what to do', async (t) => {
  const directory = await t.directory()
  const message = Buffer.concat([Buffer.from([0x12, 5]), Buffer.from('crazy'), Buffer.from([0x1a, 3]), Buffer.from('9.9')])
  const head = Buffer.from([0, 0, 0, 0, message.length])
  const good = await serving(`${directory}/good.sock`, '0', Buffer.concat([head, message]))
  const without = await serving(`${directory}/without.sock`, '12', Buffer.alloc(0))
  t.defer(() => closed(good))
  t.defer(() => closed(without))
  assert.equal(await probe(`${directory}/good.sock`), { usable: true, version: 'crazy 9.9' })
  const answer = await probe(`${directory}/without.sock`)
  assert.match(answer.usable ? '' : answer.reason, 'disabled_plugins')
})
