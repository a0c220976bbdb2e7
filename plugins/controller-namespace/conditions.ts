/** The conditions of a namespace on its way out. Pure. */
import type { Namespace } from '@davit/core/kinds'
import { finalizersMessage, type Remainder, remainingMessage } from './contents.js'

type Condition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number]
interface Wanted {
  readonly type: string
  readonly failing: boolean
  readonly reason: string
  readonly message: string
}

/** `problem`: what could not be deleted, in words. `now`: RFC 3339. Conditions that say nothing new keep their time. */
export function namespaceConditions(
  present: readonly Condition[],
  remainders: readonly Remainder[],
  problem: string,
  now: string,
): Condition[] {
  const finalizers = finalizersMessage(remainders)
  const wanted: Wanted[] = [
    condition('NamespaceDeletionDiscoveryFailure', false, '', 'ResourcesDiscovered', 'All resources successfully discovered'),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      '',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    problem === ''
      ? condition(
          'NamespaceDeletionContentFailure',
          false,
          '',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        )
      : condition('NamespaceDeletionContentFailure', true, 'ContentDeletionFailed', '', problem),
    remainders.length === 0
      ? condition('NamespaceContentRemaining', false, '', 'ContentRemoved', 'All content successfully removed')
      : condition('NamespaceContentRemaining', true, 'SomeResourcesRemain', '', remainingMessage(remainders)),
    finalizers === ''
      ? condition(
          'NamespaceFinalizersRemaining',
          false,
          '',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : condition('NamespaceFinalizersRemaining', true, 'SomeFinalizersRemain', '', finalizers),
  ]
  return wanted.map(({ type, failing, reason, message }) => {
    const old = present.find((candidate) => candidate.type === type)
    const status = failing ? 'True' : 'False'
    if (old && old.status === status && old.reason === reason && old.message === message) return old
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now
    return { type, status, reason, message, lastTransitionTime }
  })
}

function condition(type: string, failing: boolean, bad: string, good: string, message: string): Wanted {
  return { type, failing, reason: failing ? bad : good, message }
}
