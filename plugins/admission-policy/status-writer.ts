/** Keeps the status of policies: which state of it was seen, and what is doubtful about its expressions. */
import { type Client, type Informer, isConflict, isNotFound, validatingAdmissionPolicies } from '@davit/core/client'
import type { Logger } from '@davit/core/kernel'
import { type KindRegistry, loadCel, type ValidatingAdmissionPolicy } from '@davit/core/kinds'
import { typeWarnings } from './type-checking.js'

export interface StatusSources {
  readonly client: Client
  readonly kinds: KindRegistry
  readonly log: Logger
  readonly signal: AbortSignal
}

export class StatusWriter {
  readonly #sources: StatusSources

  constructor(sources: StatusSources) {
    this.#sources = sources
  }

  follow(policies: Informer<ValidatingAdmissionPolicy>): () => void {
    const look = (policy: ValidatingAdmissionPolicy): void => {
      if (policy.status?.observedGeneration !== policy.metadata.generation) void this.#write(policy)
    }
    return policies.on({ added: look, updated: look })
  }

  async #write(policy: ValidatingAdmissionPolicy): Promise<void> {
    const { client, kinds, log, signal } = this.#sources
    try {
      const expressionWarnings = typeWarnings(await loadCel(), policy, kinds)
      if (signal.aborted) return
      const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings }
      const status = { ...policy.status, observedGeneration: policy.metadata.generation, typeChecking }
      await client.updateStatus(validatingAdmissionPolicies, { ...policy, status })
    } catch (error) {
      // Somebody else wrote it: the next event brings what stands there now.
      if (signal.aborted || isConflict(error) || isNotFound(error)) return
      log.error({ error, policy: policy.metadata.name }, 'the status of an admission policy could not be written')
    }
  }
}
