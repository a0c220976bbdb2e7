/** Makes, resizes and removes ReplicaSets, and says so in Events. */
import { edit, isExists, isNotFound, replicaSets } from '@davit/core/client'
import { isControlledBy, type ReconcileContext } from '@davit/core/controller'
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { type Annotations, sizeAnnotations } from './annotations.js'
import { limitsOf, sizeOf } from './limits.js'
import { newReplicaSet } from './new-set.js'
import { sameTemplate } from './template-hash.js'

export interface Change {
  /** Absent: as it is. */
  readonly size?: number
  readonly annotations?: Annotations
  readonly minReadySeconds?: number | undefined
}

/** One write at most, and none where everything is as it should be. Answers with what is stored then. */
export async function changeSet(
  context: ReconcileContext,
  deployment: Deployment,
  set: ReplicaSet,
  { size = sizeOf(set), annotations = {}, minReadySeconds = set.spec.minReadySeconds }: Change,
  considered?: string,
): Promise<ReplicaSet> {
  const before = sizeOf(set)
  const resized = size !== before
  const present = set.metadata.annotations ?? {}
  const told = Object.entries(annotations).every(([name, value]) => present[name] === value)
  if (!resized && told && (minReadySeconds ?? 0) === (set.spec.minReadySeconds ?? 0)) return set
  const { replicas, maxSurge } = limitsOf(deployment)
  const sized = resized ? sizeAnnotations(replicas, maxSurge) : {}
  const changed = edit(set, (draft) => {
    draft.metadata.annotations = { ...present, ...annotations, ...sized }
    draft.spec.replicas = size
    draft.spec.minReadySeconds = minReadySeconds
  })
  const cause = considered === undefined ? context.cause : { ...context.cause, considered: [considered] }
  const stored = await context.client.update(replicaSets, changed, { cause })
  if (resized) {
    const way = size > before ? 'up' : 'down'
    const message = `Scaled ${way} replica set ${set.metadata.name} from ${before} to ${size}`
    context.event(deployment, 'Normal', 'ScalingReplicaSet', message)
  }
  return stored
}

/** `exists`: it was made before, and the informer did not show it. `collision`: another template has its name. */
export type Made =
  | { readonly outcome: 'created' | 'exists'; readonly set: ReplicaSet }
  | { readonly outcome: 'collision' }
  | { readonly outcome: 'refused'; readonly name: string; readonly error: unknown }

export async function makeSet(context: ReconcileContext, deployment: Deployment, size: number, revision: bigint): Promise<Made> {
  const wanted = newReplicaSet(deployment, size, revision)
  const { name, namespace = '' } = wanted.metadata
  try {
    const set = await context.client.create(replicaSets, wanted, { cause: context.cause })
    if (size > 0) {
      context.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${size}`)
    }
    return { outcome: 'created', set }
  } catch (error) {
    if (!isExists(error)) return { outcome: 'refused', name, error }
  }
  const set = await context.client.get(replicaSets, namespace, name)
  const ours = isControlledBy(set, deployment) && sameTemplate(set.spec.template, deployment.spec.template)
  return ours ? { outcome: 'exists', set } : { outcome: 'collision' }
}

export async function removeSets(context: ReconcileContext, sets: readonly ReplicaSet[]): Promise<void> {
  const remove = async ({ metadata }: ReplicaSet) => {
    const { namespace = '', name, uid } = metadata
    const preconditions = uid === undefined ? {} : { preconditions: { uid } }
    await context.client
      .delete(replicaSets, namespace, name, { cause: context.cause, ...preconditions })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
  }
  await Promise.all(sets.map(remove))
}
