/** What is said of a request beside its answer. Implements `RequestNotes`. */
import type { KubeObject, ResourceKind } from '../kinds/contract.js'
import type { ApiRequest, ApiVerb, RequestNotes } from './contract.js'

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

/** What the kind has to say of an object that is about to be written. */
export function advise({ notes }: ApiRequest, { strategy }: ResourceKind, object: KubeObject, old?: KubeObject): void {
  if (strategy.warnings === undefined || notes === undefined) return
  for (const text of strategy.warnings(object, old)) notes.warn(text)
}

/** A read says nothing of itself; but a stream to a pod is asked for by a GET as well. */
export function isAdmitted(verb: ApiVerb, subresource = ''): boolean {
  return subresource !== '' || (verb !== 'get' && verb !== 'list' && verb !== 'watch')
}
