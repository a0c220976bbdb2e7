import { type Informer, isNotFound, namespaces, type ResourceRef } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ReconcileContext,
  type ReconcileResult,
  watchOf,
} from '@davit/core/controller'
import type { KindRegistry, Namespace } from '@davit/core/kinds'
import { namespaceConditions, type Progress } from './conditions.js'
import { contentResources, type Emptied, empty, isPods } from './contents.js'

/** A refused deletion is tried again after so long. */
const retryMs = 5_000

/** Empties namespaces that are deleted, and lets them go. Keys are namespaces. */
export class NamespaceController implements Controller {
  readonly name = 'namespace'
  readonly watches = [
    watchOf(namespaces, (namespace, { deleted }) => (isGoing(namespace) || deleted ? [namespace.metadata.name] : [])),
  ]
  readonly #kinds: KindRegistry
  /** Namespaces that wait for what is left in them. */
  readonly #waiting = new Set<string>()
  /** Resources of which something is left, and how to follow them no more. */
  readonly #followed = new Map<string, () => void>()
  #namespaces: Informer<Namespace> | undefined

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds
  }

  start(host: ControllerHost): void {
    this.#namespaces = host.informer(namespaces)
  }

  stop(): void {
    this.#waiting.clear()
    this.#follow([], undefined)
    this.#namespaces = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const namespace = this.#namespaces?.get('', key)
    if (!namespace || !isGoing(namespace)) {
      this.#leave(key)
      return undefined
    }
    const { progress, left } = await this.#empty(key, context)
    if (left.length > 0) {
      this.#waiting.add(key)
      // What went before it was followed told nobody.
      if (this.#follow(left, context)) context.enqueue(key)
    }
    const written = await writeConditions(namespace, progress, context)
    if (left.length === 0 && written) {
      await finalize(written, context)
      this.#leave(key)
    }
    return progress.failures.length > 0 ? { requeueAfterMs: retryMs } : undefined
  }

  /** Pods first, and the rest when they are gone: what they use stays as long as they run. */
  async #empty(name: string, context: ReconcileContext): Promise<{ progress: Progress; left: ResourceRef[] }> {
    const results: Emptied[] = []
    const left: ResourceRef[] = []
    for (const ref of contentResources(this.#kinds)) {
      const emptied = await empty(ref, name, context)
      results.push(emptied)
      if (emptied.count > 0) left.push(ref)
      if (isPods(ref) && emptied.count > 0) break
    }
    return { progress: { remains: results, failures: results.flatMap(({ failures }) => failures) }, left }
  }

  #leave(key: string): void {
    this.#waiting.delete(key)
    if (this.#waiting.size === 0) this.#follow([], undefined)
  }

  /** Wakes the waiting ones when something of these resources goes. True where one is new. An empty list: no more. */
  #follow(refs: readonly ResourceRef[], context: ReconcileContext | undefined): boolean {
    if (!context) {
      for (const undo of this.#followed.values()) undo()
      this.#followed.clear()
      return false
    }
    const unknown = refs.filter(({ group, resource }) => !this.#followed.has(`${group}/${resource}`))
    for (const ref of unknown) {
      const deleted = ({ metadata: { namespace = '' } }: { metadata: { namespace?: string | undefined } }) => {
        if (this.#waiting.has(namespace)) context.enqueue(namespace)
      }
      this.#followed.set(`${ref.group}/${ref.resource}`, context.informer(ref).on({ deleted }))
    }
    return unknown.length > 0
  }
}

function isGoing({ metadata }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** The namespace as it is then; undefined where it is gone. */
async function writeConditions(
  namespace: Namespace,
  progress: Progress,
  { client, clock, cause }: ReconcileContext,
): Promise<Namespace | undefined> {
  const conditions = namespaceConditions(namespace.status?.conditions ?? [], progress, clock.now())
  if (!conditions) return namespace
  const status = { ...namespace.status, conditions }
  return client.updateStatus(namespaces, { ...namespace, status }, { cause }).catch(unlessGone)
}

async function finalize(namespace: Namespace, { client, cause }: ReconcileContext): Promise<void> {
  const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== 'kubernetes')
  if (finalizers.length === namespace.spec.finalizers?.length) return
  const emptied = { ...namespace, spec: { ...namespace.spec, finalizers } }
  await client.update(namespaces, emptied, { cause, subresource: 'finalize' }).catch(unlessGone)
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
