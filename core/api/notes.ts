/** What is said of a request beside its answer. Implements `RequestNotes`. */
import type { ApiVerb, RequestNotes } from './contract.js'

export function createNotes(): RequestNotes {
  const warnings: string[] = []
  const annotations = new Map<string, string>()
  return {
    warnings,
    annotations,
    warn(text) {
      if (!warnings.includes(text)) warnings.push(text)
    },
    audit(key, value) {
      if (!annotations.has(key)) annotations.set(key, value)
    },
  }
}

/** A read says nothing of itself; but a stream to a pod is asked for by a GET as well. */
export function isAdmitted(verb: ApiVerb, subresource = ''): boolean {
  return subresource !== '' || (verb !== 'get' && verb !== 'list' && verb !== 'watch')
}
