/** What a connection takes for the loss of etcd, and what becomes of its calls then. */
import type { Transaction } from '@davit/core/store'
import { assert, createTestServices, test, type VirtualClock } from '@davit/core/testing'
import { Connection } from './connection.js'
import { Place } from './keys.js'
import { Memos } from './memos.js'
import type { Transport } from './transport.js'
import { commit } from './write.js'

interface Asked {
  readonly endpoint: string
  answer(): void
  fail(code: number, details: string): void
}
interface Scene {
  readonly connection: Connection
  readonly transports: readonly Transport[]
  readonly clock: VirtualClock
  /** What was asked of the members, the newest last. */
  readonly asked: Asked[]
}

const timeoutMs = 1_000
const answer = { header: { clusterId: 1, revision: 9 }, kvs: [], more: false, count: 0 }
const refusal = (code: number, details: string): Error => Object.assign(new Error(details), { code, details })

/** A connection to members of these names, each of which says what the test says. */
function connect(...endpoints: readonly string[]): Scene {
  const { clock, log } = createTestServices()
  const asked: Asked[] = []
  const transports = endpoints.map((endpoint): Transport => {
    return {
      endpoint,
      unary(_name, _request, done) {
        const fail = (code: number, details: string): void => done(refusal(code, details), undefined)
        asked.push({ endpoint, fail, answer: () => done(undefined, answer as never) })
        return { cancel: () => queueMicrotask(() => fail(1, 'Cancelled on client')) }
      },
      stream: () => assert.unreachable('no stream is wanted') as never,
      close: () => undefined,
    }
  })
  const probeKey = Buffer.from('probe')
  return { connection: new Connection(transports, { clock, log, timeoutMs, probeKey }), transports, clock, asked }
}

const read = (connection: Connection): Promise<unknown> => connection.call('Range', { key: Buffer.from('a') }, { repeat: true })

test('an etcd that says at once that it has no answer now is waited for, though it answered another meanwhile', async () => {
  const { connection, clock, asked } = connect('a')
  const reads = [read(connection), read(connection)]
  await clock.advance(10)
  asked[0]?.answer()
  asked[1]?.fail(14, 'etcdserver: leader changed')
  assert.is(await reads[0], answer)
  assert.is(connection.reachable, false)
  await clock.advance(250)
  assert.is(asked.length, 3, 'the probe')
  asked[2]?.answer()
  await clock.settle()
  assert.is(connection.reachable, true)
  asked[3]?.answer()
  assert.is(await reads[1], answer)
})

test('of an etcd that answers others, a call that waits in vain is refused, and nothing is lost', async () => {
  const { connection, clock, asked } = connect('a')
  const reads = [read(connection), read(connection)]
  reads[1]?.catch(() => undefined)
  await clock.advance(10)
  asked[0]?.answer()
  await clock.advance(timeoutMs)
  await assert.rejects(reads[1] as Promise<unknown>, { code: 'DAVIT_STORE_UNAVAILABLE' })
  assert.is(connection.reachable, true)
  assert.is(asked.length, 2)
})

test('a read over which etcd failed is refused at once, and nothing is lost', async () => {
  for (const code of [2, 13]) {
    const { connection, asked } = connect('a')
    const reading = read(connection)
    asked[0]?.fail(code, 'etcdserver: something is wrong')
    await assert.rejects(reading, { code: 'DAVIT_STORE_UNAVAILABLE' })
    assert.is(connection.reachable, true)
  }
})

test('a stream that broke is silence, by whatever code the library says so', async () => {
  const { connection, clock, asked } = connect('a')
  const reading = read(connection)
  asked[0]?.fail(13, 'Received RST_STREAM with code 2 triggered by internal client error: write EPIPE')
  await clock.advance(250)
  asked[1]?.answer()
  await clock.settle()
  asked[2]?.answer()
  assert.is(await reading, answer)
})

test('a write that never has an answer while others have theirs is given up', async () => {
  const { connection, clock, asked } = connect('a')
  const create: Transaction = {
    compare: [{ key: '/a', revision: 0 }],
    operations: [{ type: 'put', key: '/a', value: Buffer.from('x') }],
  }
  const writing = commit(create, connection, new Place('/davit'), new Memos())
  writing.catch(() => undefined)
  for (const tries of [1, 2]) {
    await clock.advance(timeoutMs / 2)
    const reading = read(connection)
    asked.at(-1)?.answer()
    assert.is(await reading, answer)
    assert.is(asked.length, 2 * tries)
    await clock.advance(timeoutMs / 2)
  }
  await assert.rejects(writing, { code: 'DAVIT_STORE_OUTCOME_UNKNOWN' })
  assert.is(connection.reachable, true)
  assert.is(asked.length, 4)
})

test('what becomes of a call or stream of a member that was left says nothing of the one in its place', async () => {
  const { connection, transports, clock, asked } = connect('a', 'b')
  const found: Transport[] = []
  connection.onFound = (transport) => void found.push(transport)
  const early = read(connection)
  early.catch(() => undefined)
  await clock.advance(timeoutMs / 2)
  const reading = read(connection)
  await clock.advance(timeoutMs / 2)
  await assert.rejects(early, { code: 'DAVIT_STORE_UNAVAILABLE' })
  await clock.advance(250)
  asked[2]?.answer()
  await clock.settle()
  assert.equal(found, [transports[1]])
  // Begun at the silent member, made again at the other one.
  asked[1]?.fail(14, 'Connection dropped')
  await clock.settle()
  assert.is(connection.reachable, true)
  asked[3]?.answer()
  assert.is(await reading, answer)
  assert.equal(asked.map(({ endpoint }) => endpoint).join(), 'a,a,b,b')
  connection.broken(transports[0] as Transport, new Error('keepalive'))
  assert.is(connection.reachable, true)
  connection.broken(transports[1] as Transport, new Error('keepalive'))
  assert.is(connection.reachable, false)
})
