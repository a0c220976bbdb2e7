import { ApiError } from '@davit/core/client'

/** Nothing can be made in a namespace that is going, and nothing needs to be. */
export function isTerminating(error: unknown): boolean {
  return error instanceof ApiError && (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
}
