import type { Key, Operation, Revision, Transaction, TransactionResult } from '@davit/core/store'
import type { Connection } from './connection.js'
import { isAnswer, isFailure, NoAnswer, refusal, unavailable, unknownOutcome } from './errors.js'
import type { Place } from './keys.js'
import type { Memos } from './memos.js'
import { equal, modRevision, type Received, type Sent } from './messages.js'

export interface Committed {
  readonly result: TransactionResult
  /** What the transaction changed: what watches are told of. */
  readonly changed: readonly Key[]
}

/**
 * Commits a transaction. Where etcd gives no answer to one that it may have got, the same is asked again if each key that
 * it writes is compared too: then it can be done only once, and what stands there afterwards says whether it was. That goes
 * on for the time of a call after the first try.
 */
export async function commit(transaction: Transaction, connection: Connection, place: Place, memos: Memos): Promise<Committed> {
  const request = requestOf(transaction, place)
  let doubt: unknown
  let isOver: (() => boolean) | undefined
  for (;;) {
    try {
      const answer = await connection.call('Txn', request)
      return outcome(transaction, answer, place, memos, doubt)
    } catch (error) {
      if (error instanceof NoAnswer) {
        isOver ??= connection.limit()
        if (error.sent) doubt = error
        const isLast = error.sent && (isFailure(error.cause) || !isRepeatable(transaction))
        if (isLast || isOver()) throw doubt === undefined ? unavailable(error) : unknownOutcome(doubt)
      } else if (isAnswer(error)) throw doubt === undefined ? refusal(error) : unknownOutcome(doubt)
      else throw doubt === undefined ? error : unknownOutcome(doubt)
    }
  }
}

function requestOf({ compare, operations }: Transaction, place: Place): Sent<'TxnRequest'> {
  return {
    compare: compare.map(({ key, revision }) => ({
      result: equal,
      target: modRevision,
      key: place.key(key),
      modRevision: revision === 0 ? 0 : place.revision(revision),
    })),
    success: operations.map((operation) => {
      const key = place.key(operation.key)
      if (operation.type === 'delete') return { requestDeleteRange: { key } }
      const { value, lease = 0 } = operation
      return { requestPut: { key, value, lease: Number(lease) } }
    }),
    failure: compare.map(({ key }) => ({ requestRange: { key: place.key(key) } })),
  }
}

function outcome(
  transaction: Transaction,
  answer: Received<'TxnResponse'>,
  place: Place,
  memos: Memos,
  doubt: unknown,
): Committed {
  const { compare, operations } = transaction
  const revision = place.revisionOf(answer.header?.revision ?? 0)
  if (answer.succeeded) {
    const changes = operations.filter(
      ({ type }, index) => type === 'put' || (answer.responses[index]?.responseDeleteRange?.deleted ?? 0) > 0,
    )
    return { result: { ok: true, revision }, changed: changes.map(({ key }) => key) }
  }
  const current = new Map(
    compare.map(({ key }, index) => {
      const [found] = answer.responses[index]?.responseRange?.kvs ?? []
      if (!found) return [key, undefined]
      const { value, memo } = memos.own(key, found.value)
      return [key, place.entry(key, found, value, memo)]
    }),
  )
  const result = { ok: false as const, revision, current }
  if (doubt === undefined) return { result, changed: [] }
  const done = doneBefore(transaction, result)
  if (done === undefined) throw unknownOutcome(doubt)
  return done === 0
    ? { result, changed: [] }
    : { result: { ok: true, revision: done }, changed: operations.map(({ key }) => key) }
}

/** Done once, it cannot be done again: each of its keys is compared, and stands elsewhere afterwards. */
function isRepeatable({ compare, operations }: Transaction): boolean {
  const compared = new Set(compare.map(({ key }) => key))
  return operations.every(({ key }) => compared.has(key))
}

/**
 * What a repeated transaction whose comparison failed has found: the revision at which its first try was done, 0 where it
 * was not, undefined where that cannot be told.
 */
function doneBefore(
  { compare, operations }: Transaction,
  { current }: Extract<TransactionResult, { ok: false }>,
): Revision | undefined {
  const before = new Map(compare.map(({ key, revision }) => [key, revision]))
  // It would have moved this one away from there for ever.
  const untouched = (key: Key): boolean => before.get(key) !== 0 && current.get(key)?.revision === before.get(key)
  if (operations.length === 0 || operations.some(({ key }) => untouched(key))) return 0
  const puts = operations.filter((operation) => operation.type === 'put')
  const at = current.get(puts[0]?.key ?? '')?.revision
  const stands = (operation: Operation): boolean => {
    const entry = current.get(operation.key)
    if (operation.type === 'delete') return entry === undefined
    return entry?.revision === at && Buffer.from(operation.value).equals(entry?.value ?? operation.value)
  }
  return at !== undefined && operations.every(stands) ? at : undefined
}
