import { DavitError } from '../kernel/contract.js'
import type { Revision } from './contract.js'

export function compactedError(wanted: Revision, compacted: Revision): DavitError {
  return new DavitError('DAVIT_STORE_COMPACTED', `Revision ${wanted} is compacted; the oldest that is kept is ${compacted}.`)
}
export function futureError(wanted: Revision, current: Revision): DavitError {
  return new DavitError('DAVIT_STORE_FUTURE_REVISION', `Revision ${wanted} is not reached yet; the newest is ${current}.`)
}
export function closedError(): DavitError {
  return new DavitError('DAVIT_STORE_CLOSED', 'The store is closed.')
}
export function failedError(cause: unknown): DavitError {
  return new DavitError('DAVIT_STORE_FAILED', `The store cannot be read: ${messageOf(cause)}`, { cause })
}

/** The message of the innermost cause, which is the one that the disk gave. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : messageOf(error.cause)
}
