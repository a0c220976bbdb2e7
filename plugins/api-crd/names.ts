/**
 * Which of the names that a definition asks for it gets. Names are unique within a group: of two definitions the one
 * that has a name keeps it, and the other one waits until it is free.
 */
import type { CustomResourceDefinitionNames } from '@davit/core/kinds'
import { type Condition, conditionOf, type Definition } from './definition.js'

export interface NamesVerdict {
  readonly acceptedNames: CustomResourceDefinitionNames
  /** `NamesAccepted` and `Established`. */
  readonly conditions: readonly Condition[]
}

interface Taken {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** `others`: all definitions but this one. */
export function judgeNames(definition: Definition, others: readonly Definition[]): NamesVerdict {
  const taken = takenBy(others.filter(({ spec }) => spec.group === definition.spec.group))
  const wanted = definition.spec.names
  const present = definition.status?.acceptedNames
  const problems: { reason: string; message: string }[] = []
  const judge = <T>(reason: string, names: readonly string[], used: ReadonlySet<string>, whole: T, old: T): T => {
    const clashes = names.filter((name) => used.has(name)).map((name) => `${JSON.stringify(name)} is already in use`)
    if (clashes.length === 0) return whole
    problems.push({ reason, message: clashes.length === 1 ? (clashes[0] ?? '') : `[${clashes.join(', ')}]` })
    return old
  }
  const one = (name: string | undefined): readonly string[] => (name ? [name] : [])
  const plural = judge('PluralConflict', one(wanted.plural), taken.resources, wanted.plural, present?.plural ?? '')
  const singular = judge('SingularConflict', one(wanted.singular), taken.resources, wanted.singular, present?.singular)
  const shortNames = judge('ShortNamesConflict', wanted.shortNames ?? [], taken.resources, wanted.shortNames, present?.shortNames)
  const kind = judge('KindConflict', one(wanted.kind), taken.kinds, wanted.kind, present?.kind ?? '')
  const listKind = judge('ListKindConflict', one(wanted.listKind), taken.kinds, wanted.listKind, present?.listKind)
  const { categories } = wanted
  const acceptedNames: CustomResourceDefinitionNames = {
    ...(categories ? { categories } : {}),
    kind,
    ...(listKind ? { listKind } : {}),
    plural,
    ...(shortNames ? { shortNames } : {}),
    ...(singular ? { singular } : {}),
  }
  const accepted = acceptance(problems.at(-1))
  return { acceptedNames, conditions: [accepted, establishment(definition, accepted.status === 'True')] }
}

/** The last clash is told, as Kubernetes does. */
function acceptance(problem: { reason: string; message: string } | undefined): Condition {
  if (problem) return { type: 'NamesAccepted', status: 'False', ...problem }
  return { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
}

/** Once established, for ever: under the names that it has. */
function establishment(definition: Definition, isAccepted: boolean): Condition {
  const present = conditionOf(definition, 'Established')
  if (present?.status === 'True') return present
  const type = 'Established'
  return isAccepted
    ? { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
}

function takenBy(definitions: readonly Definition[]): Taken {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const { status } of definitions) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {}
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  return { resources, kinds }
}
