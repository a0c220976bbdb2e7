/** Keeps the status of each ResourceQuota: its limits as they count now, and what is used of them. */
import { type Informer, resourceQuotas } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  requeueAfter,
  splitKey,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import {
  type Amounts,
  equalJson,
  formatQuantity,
  type KindRegistry,
  type KubeObject,
  type QuotaResource,
  quotaNames,
  type ResourceQuota,
  readAmounts,
} from '@davit/core/kinds'
import { Followed } from './followed.js'
import { Settlement } from './settle.js'
import { changesUsage, usageOf } from './usage.js'

interface Running {
  readonly host: ControllerHost
  readonly quotas: Informer<ResourceQuota>
  readonly followed: Followed
  readonly settlements: Map<string, Settlement>
  readonly leave: () => void
}

export class QuotaReconciler implements Controller {
  readonly name = 'resourcequota'
  readonly watches: readonly ControllerWatch[] = [watchOf(resourceQuotas, (quota) => [namespacedKey(quota)])]
  readonly #kinds: KindRegistry
  readonly #settleMs: number
  #running: Running | undefined

  constructor(kinds: KindRegistry, settleMs: number) {
    this.#kinds = kinds
    this.#settleMs = settleMs
  }

  start(host: ControllerHost): void {
    const quotas = host.informer(resourceQuotas)
    const followed = new Followed(host, this.#kinds, (resource, object, old) => {
      for (const key of keysOf(quotas, resource, object, old)) host.enqueue(key)
    })
    // A kind that comes may be the one that a quota counts by name.
    const leave = this.#kinds.onChange(() => {
      for (const quota of quotas.list()) host.enqueue(namespacedKey(quota))
    })
    this.#running = { host, quotas, followed, settlements: new Map(), leave }
  }

  stop(): void {
    this.#running?.followed.close()
    this.#running?.leave()
    this.#running = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    if (!running) return undefined
    const { namespace, name } = splitKey(key)
    const quota = running.quotas.get(namespace, name)
    if (!quota) {
      running.settlements.delete(key)
      running.followed.keep(running.quotas.list().flatMap(hardNames))
      return undefined
    }
    const counted = await running.followed.resources(hardNames(quota), context.signal)
    const now = context.clock.now()
    let releaseAt: number | undefined
    const count = (): Amounts => {
      const found = counted.map(({ resource, informer }) => ({ resource, objects: informer.list(namespace) }))
      const usage = usageOf(quota, found, now)
      releaseAt = usage.releaseAt
      return usage.used
    }
    const settlement = running.settlements.get(key) ?? new Settlement(this.#settleMs)
    running.settlements.set(key, settlement)
    const fresh = !equalJson(quota.spec?.hard, quota.status?.hard)
    const stored = readAmounts(quota.status?.used)
    const settled = settlement.settle(quota.metadata.resourceVersion ?? '', stored, count, now, fresh)
    const status = {
      ...(quota.spec?.hard && { hard: quota.spec.hard }),
      used: Object.fromEntries(Object.entries(settled.used).map(([each, amount]) => [each, formatQuantity(amount)])),
    }
    const written = await writeStatus(context, resourceQuotas, quota, status)
    if (written !== quota) settlement.wrote(written.metadata.resourceVersion ?? '')
    return requeueAfter(settled.againMs, releaseAt === undefined ? undefined : releaseAt - now + 1)
  }
}

const hardNames = ({ spec }: ResourceQuota): string[] => Object.keys(spec?.hard ?? {})

/** The quotas that count an object of this resource, where the change can matter to them. */
function keysOf(quotas: Informer<ResourceQuota>, resource: QuotaResource, object: KubeObject, old?: KubeObject): string[] {
  const concerned = quotas.list(object.metadata.namespace).filter((quota) => quotaNames(resource, hardNames(quota)).length > 0)
  if (concerned.length === 0 || (old && !changesUsage(resource, object, old))) return []
  return concerned.map(namespacedKey)
}
