/** What a write that got no answer is taken for, by what stands there when it is asked again. */
import { DavitError } from '@davit/core/kernel'
import type { Transaction } from '@davit/core/store'
import { assert, test } from '@davit/core/testing'
import type { Connection } from './connection.js'
import { NoAnswer } from './errors.js'
import { Place } from './keys.js'
import { Memos } from './memos.js'
import type { Received } from './messages.js'
import { type Committed, commit } from './write.js'

type Answer = Error | Received<'TxnResponse'>

const header = { clusterId: 1, revision: 9 }
const lost = new NoAnswer('the connection broke', true)
const unsent = new NoAnswer('No connection established', false)
const refused = Object.assign(new Error('8'), { code: 8, details: 'etcdserver: mvcc: database space exceeded' })
const failed = new NoAnswer('it failed', true, Object.assign(new Error('13'), { code: 13, details: 'etcdserver: it failed' }))

/** The key as etcd has it; undefined: it has none. */
type Found = { readonly value: string; readonly revision: number } | undefined
function conflict(...found: readonly Found[]): Received<'TxnResponse'> {
  const responses = found.map((one) => {
    const kv = one && {
      key: Buffer.from('/davit/a'),
      createRevision: 1,
      modRevision: one.revision,
      value: Buffer.from(one.value),
      lease: 0,
    }
    return { responseRange: { header, kvs: kv ? [kv] : [], more: false, count: kv ? 1 : 0 }, responseDeleteRange: null }
  })
  return { header, succeeded: false, responses }
}
function done(...deleted: readonly number[]): Received<'TxnResponse'> {
  const responses = deleted.map((count) => ({ responseRange: null, responseDeleteRange: { deleted: count } }))
  return { header, succeeded: true, responses }
}

/** Commits over a connection that gives these answers, one after the other. */
async function committed(transaction: Transaction, ...answers: Answer[]): Promise<Committed> {
  const call = async (): Promise<Received<'TxnResponse'>> => {
    const answer = answers.shift()
    if (answer === undefined) throw new Error('it asked once more than it should')
    if (answer instanceof Error) throw answer
    return answer
  }
  const limit = () => () => false
  const result = await commit(transaction, { call, limit } as unknown as Connection, new Place('/davit'), new Memos())
  assert.is(answers.length, 0, 'it asked less often than it should')
  return result
}
const codeOf = async (work: Promise<unknown>): Promise<unknown> => ((await assert.rejects(work)) as DavitError).code

const mine = Buffer.from('mine')
const create: Transaction = { compare: [{ key: '/a', revision: 0 }], operations: [{ type: 'put', key: '/a', value: mine }] }
const update: Transaction = { ...create, compare: [{ key: '/a', revision: 5 }] }
const remove: Transaction = { compare: [{ key: '/a', revision: 5 }], operations: [{ type: 'delete', key: '/a' }] }
const blind: Transaction = { compare: [], operations: create.operations }

test('an answer is taken as it is', async () => {
  assert.equal(await committed(create, done(0)), { result: { ok: true, revision: 9 }, changed: ['/a'] })
  assert.equal(await committed(remove, done(1)), { result: { ok: true, revision: 9 }, changed: ['/a'] })
  assert.equal(await committed({ ...remove, compare: [] }, done(0)), { result: { ok: true, revision: 9 }, changed: [] })
  const { result } = await committed(update, conflict({ value: 'mine', revision: 7 }))
  assert.is(result.ok, false)
  assert.is(!result.ok && result.current.get('/a')?.revision, 7)
})

test('a write that was never sent is sent again, whatever it is', async () => {
  for (const transaction of [create, blind]) {
    const { result } = await committed(transaction, unsent, unsent, done(0))
    assert.equal(result, { ok: true, revision: 9 })
  }
})

test('a write in doubt that can be done only once is sent again, and done by that', async () => {
  for (const transaction of [create, update, remove]) assert.ok((await committed(transaction, lost, lost, done(1))).result.ok)
})

test('a write that its first try had done is done, at the revision of that', async () => {
  for (const transaction of [create, update]) {
    const { result, changed } = await committed(transaction, lost, conflict({ value: 'mine', revision: 8 }))
    assert.equal(result, { ok: true, revision: 8 })
    assert.equal(changed, ['/a'])
  }
})

test('a write whose key still stands where it was compared was not done, and has lost', async () => {
  const two: Transaction = {
    compare: [...update.compare, { key: '/b', revision: 3 }],
    operations: [...update.operations, { type: 'delete', key: '/b' }],
  }
  const { result } = await committed(two, lost, conflict({ value: 'old', revision: 5 }, { value: 'new', revision: 8 }))
  assert.is(result.ok, false)
  assert.is((await committed({ ...update, operations: [] }, lost, conflict({ value: 'x', revision: 6 }))).result.ok, false)
})

test('what cannot be told is told as unknown', async () => {
  const unknown = 'DAVIT_STORE_OUTCOME_UNKNOWN'
  assert.is(await codeOf(committed(blind, lost)), unknown)
  assert.is(await codeOf(committed(update, lost, conflict({ value: 'other', revision: 8 }))), unknown)
  assert.is(await codeOf(committed(create, lost, conflict(undefined))), unknown)
  assert.is(await codeOf(committed(remove, lost, conflict(undefined))), unknown)
  assert.is(await codeOf(committed(remove, lost, conflict({ value: 'made anew', revision: 8 }))), unknown)
  assert.is(await codeOf(committed(update, lost, refused)), unknown)
  assert.is(await codeOf(committed(update, failed)), unknown)
  const unavailable = new DavitError('DAVIT_STORE_UNAVAILABLE', 'lost for long')
  assert.is(await codeOf(committed(update, lost, unavailable)), unknown)
})

test('what was refused, or never sent, was not written', async () => {
  assert.is(await codeOf(committed(update, refused)), 'DAVIT_STORE_WRITE_FAILED')
  const unavailable = new DavitError('DAVIT_STORE_UNAVAILABLE', 'lost for long')
  assert.is(await codeOf(committed(update, unsent, unavailable)), 'DAVIT_STORE_UNAVAILABLE')
  const large = Object.assign(new Error('3'), { code: 3, details: 'etcdserver: request is too large' })
  assert.is(await codeOf(committed(update, large)), 'DAVIT_STORE_TOO_LARGE')
  const many = Object.assign(new Error('3'), { code: 3, details: 'etcdserver: too many operations in txn request' })
  assert.is(await codeOf(committed(update, many)), 'DAVIT_STORE_TOO_LARGE')
  const gone = Object.assign(new Error('5'), { code: 5, details: 'etcdserver: requested lease not found' })
  assert.is(await codeOf(committed(update, gone)), 'DAVIT_STORE_LEASE_GONE')
})
