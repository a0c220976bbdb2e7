import type { ApiError } from '../client/contract.js'

/** A creation was refused because its namespace is on its way out: nothing to try again, and nothing to complain of. */
export function isNamespaceGoing(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'ApiError') return false
  return ((error as ApiError).status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
}
