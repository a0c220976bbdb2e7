import { DavitError } from '../kernel/contract.js'
import type { Key, Operation, Transaction } from './contract.js'

const maximumValueBytes = 3 * 1024 * 1024
const printable = /^[\x20-\x7e]+$/

/** Refuses what the contract forbids, before anything is staged. */
export function checkTransaction(transaction: Transaction): void {
  checkKeys(transaction.compare, 'compared')
  checkKeys(transaction.operations, 'changed')
  for (const operation of transaction.operations) checkValue(operation)
}

function checkKeys(items: readonly { readonly key: Key }[], what: string): void {
  for (const { key } of items) {
    if (!printable.test(key)) throw invalid(`the key ${JSON.stringify(key)} is not printable ASCII`)
  }
  if (items.length < 2) return
  const seen = new Set<Key>()
  for (const { key } of items) {
    if (seen.has(key)) throw invalid(`the key ${key} is ${what} twice`)
    seen.add(key)
  }
}

function checkValue(operation: Operation): void {
  if (operation.type === 'delete' || operation.value.byteLength <= maximumValueBytes) return
  const { key, value } = operation
  throw new DavitError(
    'DAVIT_STORE_TOO_LARGE',
    `The value of ${key} has ${value.byteLength} bytes; ${maximumValueBytes} is the limit.`,
  )
}

function invalid(reason: string): DavitError {
  return new DavitError('DAVIT_STORE_INVALID', `The transaction is refused: ${reason}.`)
}
