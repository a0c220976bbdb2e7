/** Carries a plan out, one write for each ReplicaSet that changes, and tells what became of them. */
import { isNamespaceGoing, type ReconcileContext, rolloutStrategyAnnotation } from '@davit/core/controller'
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { sizeAnnotations } from './annotations.js'
import { nextRevision } from './history.js'
import { limitsOf } from './limits.js'
import { currentAnnotations } from './new-set.js'
import type { Plan } from './plan.js'
import type { NextSet } from './progress.js'
import { type Sets, sortSets } from './sets.js'
import { changeSet, makeSet } from './writes.js'

export interface Outcome {
  readonly sets: Sets
  readonly nextSet: NextSet | undefined
  readonly collisionCount: number | undefined
  /** Set where the reconcile has to be tried again, once this is reported. */
  readonly error?: unknown
}

export async function carryOut(context: ReconcileContext, deployment: Deployment, sets: Sets, plan: Plan): Promise<Outcome> {
  const { collisionCount } = deployment.status ?? {}
  if (plan.mode === 'stuck') {
    const message = `No plugin knows the roll-out strategy "${plan.strategy}" (annotation ${rolloutStrategyAnnotation})`
    context.event(deployment, 'Warning', 'UnknownRolloutStrategy', message)
    return { sets, nextSet: undefined, collisionCount }
  }
  if (!sets.next && plan.mode === 'roll-out' && plan.next !== undefined) return make(context, deployment, sets, plan, plan.next)
  const next = sets.next && (await changeNext(context, deployment, sets, sets.next, plan))
  const olds = await changeOlds(context, deployment, sets.olds, plan)
  const nextSet: NextSet | undefined = next && { happened: 'found', name: next.metadata.name }
  return { sets: { next, olds }, nextSet, collisionCount }
}

async function make(context: ReconcileContext, deployment: Deployment, sets: Sets, plan: Plan, size: number): Promise<Outcome> {
  const { collisionCount } = deployment.status ?? {}
  const made = await makeSet(context, deployment, size, nextRevision(sets.olds))
  if (made.outcome === 'collision') {
    // The write of the new count wakes the Deployment, and the next attempt has another name.
    return { sets, nextSet: undefined, collisionCount: (collisionCount ?? 0) + 1 }
  }
  if (made.outcome === 'refused') {
    if (isNamespaceGoing(made.error)) return { sets, nextSet: undefined, collisionCount }
    const message = made.error instanceof Error ? made.error.message : String(made.error)
    const text = `Failed to create new replica set "${made.name}": ${message}`
    context.event(deployment, 'Warning', 'ReplicaSetCreateError', text)
    return { sets, nextSet: { happened: 'refused', name: made.name, message }, collisionCount, error: made.error }
  }
  const olds = await changeOlds(context, deployment, sets.olds, plan)
  const nextSet: NextSet | undefined =
    made.outcome === 'created' ? { happened: 'created', name: made.set.metadata.name } : undefined
  return { sets: sortSets(deployment, [...olds, made.set]), nextSet, collisionCount }
}

function changeNext(
  context: ReconcileContext,
  deployment: Deployment,
  { olds }: Sets,
  next: ReplicaSet,
  plan: Plan,
): Promise<ReplicaSet> {
  const size = plan.mode === 'roll-out' ? plan.next : sizeIn(plan, next)
  const annotations = {
    ...currentAnnotations(deployment, next, nextRevision(olds)),
    ...scaledAnnotations(deployment, next, plan),
  }
  const { minReadySeconds } = deployment.spec
  const change = { annotations, minReadySeconds, ...(size !== undefined && { size }) }
  return changeSet(context, deployment, next, change, consideration(plan))
}

function changeOlds(
  context: ReconcileContext,
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  plan: Plan,
): Promise<readonly ReplicaSet[]> {
  const change = (set: ReplicaSet) => {
    const size = sizeIn(plan, set)
    if (size === undefined) return set
    const annotations = scaledAnnotations(deployment, set, plan)
    return changeSet(context, deployment, set, { size, annotations }, consideration(plan))
  }
  return Promise.all(olds.map(change))
}

/** Scaling is over when each ReplicaSet in use says the Deployment's size, also where its own did not change. */
function scaledAnnotations(deployment: Deployment, set: ReplicaSet, plan: Plan) {
  if (plan.mode !== 'scale' || sizeIn(plan, set) === undefined) return {}
  const { replicas, maxSurge } = limitsOf(deployment)
  return sizeAnnotations(replicas, maxSurge)
}

function sizeIn(plan: Plan, { metadata }: ReplicaSet): number | undefined {
  return plan.mode === 'stuck' ? undefined : plan.sizes.get(metadata.name)
}

function consideration(plan: Plan): string {
  return plan.mode === 'roll-out' ? `a step of ${plan.strategy}` : 'the size of the Deployment changed'
}
