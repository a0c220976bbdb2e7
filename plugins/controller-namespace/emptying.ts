/** Empties a namespace that is being deleted, then lets it go. */
import { edit, isConflict, isNotFound, namespaces, pods } from '@davit/core/client'
import { type Controller, type ReconcileContext, type ReconcileResult, watchOf } from '@davit/core/controller'
import type { KindRegistry, KubeObject, Namespace } from '@davit/core/kinds'
import { namespaceConditions } from './conditions.js'
import { contentKinds, type Remainder, refOf } from './contents.js'

const finalizer = 'kubernetes'
/** Things that end by themselves wake nobody here, apart from Pods; so it looks again. */
const lookAgainMs = 1000
const deletesAtOnce = 32

export class NamespaceController implements Controller {
  readonly name = 'namespace'
  readonly watches = [
    watchOf(namespaces, (namespace) => (namespace.metadata.deletionTimestamp ? [namespace.metadata.name] : [])),
    watchOf(pods, (pod, { deleted }) => (deleted && pod.metadata.namespace ? [pod.metadata.namespace] : [])),
  ]
  readonly #kinds: KindRegistry

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds
  }

  async reconcile(name: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const namespace = context.informer(namespaces).get('', name)
    if (!namespace?.metadata.deletionTimestamp || !namespace.spec.finalizers?.includes(finalizer)) return undefined
    const { remainders, problem } = await this.#empty(name, context)
    if (remainders.length > 0) {
      await this.#report(namespace, remainders, problem, context)
      return { requeueAfterMs: lookAgainMs }
    }
    const emptied = edit(namespace, (draft) => {
      draft.spec.finalizers = draft.spec.finalizers?.filter((entry) => entry !== finalizer)
    })
    await context.client.update(namespaces, emptied, { subresource: 'finalize', cause: context.cause }).catch(unlessGone)
    return undefined
  }

  /** Tells everything to go; what is there after that waits for its grace or its finalizers. */
  async #empty(namespace: string, context: ReconcileContext): Promise<{ remainders: Remainder[]; problem: string }> {
    const remainders: Remainder[] = []
    const problems: string[] = []
    for (const kind of contentKinds(this.#kinds)) {
      const ref = refOf(kind)
      const { items } = await context.client.list(ref, { namespace })
      const remove = (object: KubeObject) =>
        context.client
          .delete(ref, namespace, object.metadata.name, { propagationPolicy: 'Background', cause: context.cause })
          .catch(unlessGone)
      const waiting = items.filter((object) => object.metadata.deletionTimestamp === undefined)
      for (let begin = 0; begin < waiting.length; begin += deletesAtOnce) {
        const outcomes = await Promise.allSettled(waiting.slice(begin, begin + deletesAtOnce).map(remove))
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') problems.push(String(outcome.reason?.message ?? outcome.reason))
      }
      if (items.length === 0) continue
      const objects = (await context.client.list(ref, { namespace })).items
      if (objects.length > 0) remainders.push({ kind, objects })
    }
    return { remainders, problem: problems.slice(0, 5).join('; ') }
  }

  async #report(
    namespace: Namespace,
    remainders: readonly Remainder[],
    problem: string,
    { client, clock, cause }: ReconcileContext,
  ): Promise<void> {
    const present = namespace.status?.conditions ?? []
    const conditions = namespaceConditions(present, remainders, problem, `${new Date(clock.now()).toISOString().slice(0, 19)}Z`)
    if (conditions.length === present.length && conditions.every((condition) => present.includes(condition))) return
    const changed = edit(namespace, (draft) => {
      draft.status = { ...draft.status, phase: 'Terminating', conditions }
    })
    await client.updateStatus(namespaces, changed, { cause }).catch((error: unknown) => {
      if (!isConflict(error)) unlessGone(error)
    })
  }
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}
