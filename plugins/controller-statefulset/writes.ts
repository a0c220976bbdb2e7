/** Carries a plan out: makes and removes Pods and claims, and says so in Events. */
import { edit, type Informer, isExists, isNotFound, persistentVolumeClaims, pods } from '@davit/core/client'
import { type Expectations, isNamespaceGoing, namespacedKey, type ReconcileContext, slowStart } from '@davit/core/controller'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '@davit/core/kinds'
import { claimsOf, retainedReferences } from './claims.js'
import { identityLabels, ordinalOf } from './identity.js'
import type { Action, Removal } from './plan.js'
import { podOf } from './pod.js'

export interface Work {
  readonly set: StatefulSet
  readonly context: ReconcileContext
  readonly expectations: Expectations<Pod>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly revisions: { readonly current: ControllerRevision; readonly update: ControllerRevision }
}
export interface Done {
  readonly created: readonly Pod[]
  /** Set where the reconcile has to be tried again. */
  readonly error?: unknown
}

export async function carryOut(work: Work, actions: readonly Action[]): Promise<Done> {
  const created: Pod[] = []
  const { error } = await slowStart(actions.length, async (index) => {
    const action = actions[index]
    if (action?.do === 'create') created.push(await create(work, action.ordinal, work.revisions[action.revision]))
    if (action?.do === 'delete') await remove(work, action.pod, action.why)
    if (action?.do === 'label') await label(work, action.pod, action.ordinal)
  })
  // The namespace takes its Pods and this set along: there is nothing to try again and nothing to complain of.
  return { created, ...(error !== undefined && !isNamespaceGoing(error) && { error }) }
}

async function create(work: Work, ordinal: number, revision: ControllerRevision): Promise<Pod> {
  const { set, context, expectations } = work
  const wanted = podOf(set, revision, ordinal)
  await createClaims(work, ordinal, wanted.metadata.name)
  const made = await told(work, 'Create', `create Pod ${wanted.metadata.name} in StatefulSet ${set.metadata.name}`, () =>
    context.client.create(pods, wanted, { cause: context.cause }),
  )
  expectations.created(set, made)
  return made
}

/** Those that are missing. One that is on its way out has to be gone first. */
export async function createClaims(work: Work, ordinal: number, pod: string): Promise<void> {
  const { set, context, claims } = work
  for (const claim of claimsOf(set, ordinal)) {
    const { namespace = '', name } = claim.metadata
    const present = claims.get(namespace, name)
    if (present?.metadata.deletionTimestamp) throw new Error(`pvc ${name} is being deleted`)
    if (present) continue
    const text = `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name}`
    await told(
      work,
      'Create',
      text,
      async () => {
        await context.client.create(persistentVolumeClaims, claim, { cause: context.cause }).catch((error: unknown) => {
          if (!isExists(error)) throw error
        })
      },
      'success',
    )
  }
}

async function remove(work: Work, pod: Pod, why: Removal): Promise<void> {
  const { set, context, expectations } = work
  const { namespace = '', name, uid } = pod.metadata
  if (why === 'failed' || why === 'succeeded') {
    const [reason, word] = why === 'failed' ? ['RecreatingFailedPod', 'failed'] : ['RecreatingTerminatedPod', 'terminated']
    context.event(set, 'Warning', reason, `StatefulSet ${namespacedKey(set)} is recreating ${word} Pod ${name}`)
  }
  const options = {
    cause: { ...context.cause, considered: [`${name} is ${why}`] },
    ...(uid !== undefined && { preconditions: { uid } }),
  }
  await told(work, 'Delete', `delete Pod ${name} in StatefulSet ${set.metadata.name}`, async () => {
    await context.client.delete(pods, namespace, name, options).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  })
  expectations.deleted(set, pod)
}

async function label(work: Work, pod: Pod, ordinal: number): Promise<void> {
  const { set, context } = work
  const { namespace = '', name, uid } = pod.metadata
  const body = { metadata: { uid, labels: identityLabels(set, ordinal) } }
  await told(work, 'Update', `update Pod ${name} in StatefulSet ${set.metadata.name}`, () =>
    context.client.patch(pods, namespace, name, 'strategic', body, { cause: context.cause }),
  )
}

/** Gives each claim the owners that the retention policy asks for. */
export async function retainClaims(
  { set, context, claims }: Omit<Work, 'revisions' | 'expectations'>,
  own: readonly Pod[],
): Promise<void> {
  for (const pod of own) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    for (const { metadata } of claimsOf(set, ordinal)) {
      const claim = claims.get(metadata.namespace ?? '', metadata.name)
      const references = claim && retainedReferences(set, pod, ordinal, claim)
      if (!claim || !references) continue
      const changed = edit(claim, (draft) => {
        draft.metadata.ownerReferences = references
      })
      await context.client.update(persistentVolumeClaims, changed, { cause: context.cause })
    }
  }
}

/** Does it, and says in Kubernetes' words how it ended. */
async function told<T>(
  { set, context }: Pick<Work, 'set' | 'context'>,
  verb: 'Create' | 'Delete' | 'Update',
  text: string,
  write: () => Promise<T>,
  success = 'successful',
): Promise<T> {
  try {
    const result = await write()
    context.event(set, 'Normal', `Successful${verb}`, `${text} ${success}`)
    return result
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!isNamespaceGoing(error)) context.event(set, 'Warning', `Failed${verb}`, `${text} failed error: ${message}`)
    throw error
  }
}
