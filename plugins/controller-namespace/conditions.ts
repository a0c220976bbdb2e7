/** What a namespace that is being deleted says of itself. Pure. */
import { timestamp } from '@davit/core/controller'
import type { NamespaceCondition } from '@davit/core/kinds'

/** What is left of one resource. */
export interface Remains {
  /** "pods", "deployments.apps". */
  readonly resource: string
  readonly count: number
  /** Finalizers of what is left, once for each object that has them. */
  readonly finalizers: readonly string[]
}
export interface Progress {
  readonly remains: readonly Remains[]
  /** Deletions that were refused. */
  readonly failures: readonly string[]
}

type Check = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>

/** All conditions; undefined where they are as they were. */
export function namespaceConditions(
  old: readonly NamespaceCondition[],
  progress: Progress,
  now: number,
): NamespaceCondition[] | undefined {
  const checks = checksOf(progress)
  const same = checks.every((check) => old.some((before) => isSame(check, before)))
  if (same) return undefined
  const stamped = checks.map((check) => {
    const before = old.find(({ type }) => type === check.type)
    const since = before?.status === check.status ? before.lastTransitionTime : undefined
    return { ...check, lastTransitionTime: since ?? timestamp(now) }
  })
  return [...old.filter(({ type }) => !checks.some((check) => check.type === type)), ...stamped]
}

function checksOf({ remains, failures }: Progress): Check[] {
  const left = remains.filter(({ count }) => count > 0)
  const finalizers = new Map<string, number>()
  for (const each of left) for (const name of each.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
  const resources = left
    .map(({ resource, count }) => `${resource} has ${count} resource instances`)
    .sort()
    .join(', ')
  const held = [...finalizers]
    .map(([name, count]) => `${name} in ${count} resource instances`)
    .sort()
    .join(', ')
  return [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine('NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    failures.length === 0
      ? fine(
          'NamespaceDeletionContentFailure',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        )
      : wrong(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(', ')}`,
        ),
    resources === ''
      ? fine('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed')
      : wrong('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${resources}`),
    held === ''
      ? fine('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : wrong(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held}`,
        ),
  ]
}

function isSame(check: Check, { type, status, reason, message }: NamespaceCondition): boolean {
  return type === check.type && status === check.status && reason === check.reason && message === check.message
}

const fine = (type: string, reason: string, message: string): Check => ({ type, status: 'False', reason, message })
const wrong = (type: string, reason: string, message: string): Check => ({ type, status: 'True', reason, message })
