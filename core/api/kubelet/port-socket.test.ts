import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { PortSocket, type portProtocols } from './port-socket.js'

/** Both ends of one connection, of which the far one is raw. */
async function pair(t: TestContext, protocol: (typeof portProtocols)[number]) {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.defer(
    () =>
      new Promise((resolve) => {
        for (const each of server.clients) each.terminate()
        http.close(resolve)
      }),
  )
  const far = new Promise<WebSocket>((resolve) => server.once('connection', resolve))
  const near = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, [protocol])
  await new Promise((resolve) => near.once('open', resolve))
  const socket = new PortSocket(near, { headers: 'received', port: 80 })
  const other = await far
  for (const channel of [0, 1]) other.send(Buffer.of(channel, 80, 0))
  other.send(Buffer.concat([Buffer.of(0), Buffer.from('half')]))
  let text = ''
  const read = async (): Promise<string> => {
    for await (const chunk of socket) text += chunk
    return text
  }
  return { socket, other, read: read(), seen: () => text }
}

test('what the other end says is complete is an end, and the connection may go', async (t) => {
  const { socket, other, read } = await pair(t, 'v5.channel.k8s.io')
  other.send(Buffer.of(255, 0))
  assert.is(await read, 'half')
  socket.end()
  await new Promise((resolve) => other.once('close', resolve))
})

test('a connection that breaks before that is no end', async (t) => {
  const { other, read, seen } = await pair(t, 'v5.channel.k8s.io')
  while (seen() === '') await new Promise((resolve) => setTimeout(resolve, 5))
  other.terminate()
  await assert.rejects(read, /the connection broke before its end/)
})

test('nor is a goodbye without it, where the protocol has a word for it', async (t) => {
  const { other, read } = await pair(t, 'v5.channel.k8s.io')
  other.close(1000)
  await assert.rejects(read, /the connection broke before its end/)
})

test('where it has none, a goodbye is an end, and a break is none', async (t) => {
  const left = await pair(t, 'v4.channel.k8s.io')
  left.socket.on('error', () => undefined)
  left.socket.end()
  left.other.close(1000)
  assert.is(await left.read, 'half')
  const broken = await pair(t, 'v4.channel.k8s.io')
  broken.other.terminate()
  await assert.rejects(broken.read, /the connection broke before its end/)
})
