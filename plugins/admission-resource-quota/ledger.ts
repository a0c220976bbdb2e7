/**
 * Charges quotas before what is charged is stored. A status is written with the version that was read, so of two servers
 * that charge the same quota at once one starts again; requests of one namespace that come while a write is under way are
 * charged together by the next.
 */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { ApiError, type Client, isConflict, isNotFound, resourceQuotas } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { ResourceQuota } from '@davit/core/kinds'
import { charge } from './charge.js'

interface Waiting {
  readonly request: AdmissionRequest
  settle(denial: AdmissionDenial | undefined): void
  fail(error: unknown): void
}

/** Each lost race means that somebody else charged the quota: this is only a fence. */
const attempts = 20

export class QuotaLedger {
  readonly #client: Client
  readonly #clock: Clock
  /** Who waits, by namespace, while a batch of it is under way. */
  readonly #queues = new Map<string, Waiting[]>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** `quotas`: those of the request's namespace, as far as they are known. */
  admit(request: AdmissionRequest, quotas: () => readonly ResourceQuota[]): Promise<AdmissionDenial | undefined> {
    return new Promise((settle, fail) => {
      const waiting = { request, settle, fail }
      const queue = this.#queues.get(request.namespace)
      if (queue) queue.push(waiting)
      else void this.#run(request.namespace, waiting, quotas)
    })
  }

  async #run(namespace: string, first: Waiting, quotas: () => readonly ResourceQuota[]): Promise<void> {
    let batch = [first]
    while (batch.length > 0) {
      const next: Waiting[] = []
      this.#queues.set(namespace, next)
      try {
        await this.#charge(batch, quotas())
      } catch (error) {
        for (const waiting of batch) waiting.fail(error)
      }
      batch = next
    }
    this.#queues.delete(namespace)
  }

  /** Settles every one of the batch, or throws. */
  async #charge(batch: readonly Waiting[], known: readonly ResourceQuota[]): Promise<void> {
    let quotas = known
    let open = batch
    for (let attempt = 1; open.length > 0; attempt++) {
      const charged = this.#evaluate(open, quotas)
      const { conflicts, error } = await this.#write(charged.quotas.filter((quota, index) => quota !== quotas[index]))
      open = charged.open
      if (error !== undefined || (conflicts.length > 0 && attempt === attempts)) {
        for (const waiting of open) waiting.fail(error ?? ApiError.conflict(resourceQuotas, conflicts[0]?.metadata.name ?? ''))
        return
      }
      if (conflicts.length === 0) {
        for (const waiting of open) waiting.settle(undefined)
        return
      }
      // The other quotas are charged already.
      quotas = await this.#read(conflicts)
    }
  }

  /** Refusals, dry runs and what costs nothing are settled at once; the others are open until the quotas are written. */
  #evaluate(batch: readonly Waiting[], known: readonly ResourceQuota[]): { quotas: readonly ResourceQuota[]; open: Waiting[] } {
    let quotas = known
    const open: Waiting[] = []
    for (const waiting of batch) {
      const verdict = charge(quotas, waiting.request, this.#clock.now())
      if (!verdict.ok) {
        const { kind, name } = waiting.request
        const { message, reason } = ApiError.forbidden(kind, name, verdict.reason).status
        waiting.settle({ code: 403, reason, message })
      } else if (waiting.request.dryRun || verdict.quotas.every((quota, index) => quota === quotas[index])) {
        waiting.settle(undefined)
      } else {
        quotas = verdict.quotas
        open.push(waiting)
      }
    }
    return { quotas, open }
  }

  async #write(changed: readonly ResourceQuota[]): Promise<{ conflicts: ResourceQuota[]; error?: unknown }> {
    const conflicts: ResourceQuota[] = []
    const errors: unknown[] = []
    const write = async (quota: ResourceQuota): Promise<void> => {
      try {
        await this.#client.updateStatus(resourceQuotas, quota)
      } catch (error) {
        if (isConflict(error)) conflicts.push(quota)
        // Deleted meanwhile: it limits nothing any more.
        else if (!isNotFound(error)) errors.push(error)
      }
    }
    await Promise.all(changed.map(write))
    return errors.length > 0 ? { conflicts, error: errors[0] } : { conflicts }
  }

  async #read(quotas: readonly ResourceQuota[]): Promise<ResourceQuota[]> {
    const read = async ({ metadata }: ResourceQuota): Promise<ResourceQuota[]> => {
      try {
        return [await this.#client.get(resourceQuotas, metadata.namespace ?? '', metadata.name)]
      } catch (error) {
        if (isNotFound(error)) return []
        throw error
      }
    }
    return (await Promise.all(quotas.map(read))).flat()
  }
}
