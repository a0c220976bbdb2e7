import { DavitError } from '@davit/core/kernel'
import type { Entry, Key, Operation, Revision, StoreEvent, Transaction } from '@davit/core/store'

const largestValue = 3 * 1024 * 1024

/** Throws for what the contract does not allow, before anything is looked at. */
export function checkTransaction({ compare, operations }: Transaction): void {
  for (const list of [compare, operations]) {
    const keys = new Set(list.map(({ key }) => key))
    const bad = [...keys].find((key) => !/^[\x20-\x7e]+$/.test(key))
    if (bad !== undefined) throw new DavitError('DAVIT_STORE_INVALID', `${JSON.stringify(bad)} is no key.`)
    if (keys.size < list.length) throw new DavitError('DAVIT_STORE_INVALID', 'A transaction names a key twice.')
  }
  const large = operations.find((operation) => operation.type === 'put' && operation.value.byteLength > largestValue)
  if (large) throw new DavitError('DAVIT_STORE_TOO_LARGE', `The value of ${large.key} has more than ${largestValue} bytes.`)
}

/** Changes `state`, and answers what changed. Deleting what is not there is no change. */
export function apply(state: Map<Key, Entry>, operations: readonly Operation[], revision: Revision): StoreEvent[] {
  const events: StoreEvent[] = []
  for (const operation of operations) {
    const { key } = operation
    const previous = state.get(key)
    if (operation.type === 'delete') {
      if (previous && state.delete(key)) events.push({ type: 'delete', revision, key, previous })
      continue
    }
    const { value, lease, memo } = operation
    const facts = { key, value, revision, created: previous?.created ?? revision }
    const entry: Entry = { ...facts, ...(lease !== undefined && { lease }), ...(memo !== undefined && { memo }) }
    state.set(key, entry)
    events.push({ type: 'put', revision, entry, ...(previous && { previous }) })
  }
  return events
}

/** A copy of `state` as it was before all of `batches`. */
export function undo(state: ReadonlyMap<Key, Entry>, batches: readonly (readonly StoreEvent[])[]): Map<Key, Entry> {
  const before = new Map(state)
  for (const event of batches.flat().reverse()) {
    const key = event.type === 'put' ? event.entry.key : event.key
    if (event.previous) before.set(key, event.previous)
    else before.delete(key)
  }
  return before
}
