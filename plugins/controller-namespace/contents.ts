/** What a namespace holds, and which kinds are to be looked at, in which order. */
import type { ResourceRef } from '@davit/core/client'
import type { KindRegistry, KubeObject, ResourceKind } from '@davit/core/kinds'

/** What of a kind is still there after everything was told to go. */
export interface Remainder {
  readonly kind: ResourceKind
  readonly objects: readonly KubeObject[]
}

/** Every stored kind in namespaces, each once though it is served in several versions; Pods first: others are there for them. */
export function contentKinds(kinds: KindRegistry): readonly ResourceKind[] {
  const seen = new Set<string>()
  const found: ResourceKind[] = []
  for (const kind of kinds.all()) {
    const key = `${kind.group}/${kind.resource}`
    if (!kind.namespaced || !kind.stored || !kind.verbs.includes('list') || !kind.verbs.includes('delete') || seen.has(key))
      continue
    seen.add(key)
    found.push(kind)
  }
  const isPod = (kind: ResourceKind) => kind.group === '' && kind.resource === 'pods'
  return found.sort((a, b) => Number(isPod(b)) - Number(isPod(a)))
}

export function refOf({ group, version, resource, kind, namespaced }: ResourceKind): ResourceRef {
  return { group, version, resource, kind, namespaced }
}

/** "Some resources are remaining: pods. has 2 resource instances" */
export function remainingMessage(remainders: readonly Remainder[]): string {
  const parts = remainders.map(({ kind, objects }) => `${named(kind)} has ${objects.length} resource instances`)
  return `Some resources are remaining: ${parts.join(', ')}`
}

/** "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances" */
export function finalizersMessage(remainders: readonly Remainder[]): string {
  const counts = new Map<string, number>()
  for (const { objects } of remainders) {
    for (const finalizer of objects.flatMap((object) => object.metadata.finalizers ?? [])) {
      counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
    }
  }
  const parts = [...counts].sort().map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
  return parts.length === 0 ? '' : `Some content in the namespace has finalizers remaining: ${parts.join(', ')}`
}

function named(kind: ResourceKind): string {
  return kind.group === '' ? `${kind.resource}.` : `${kind.resource}.${kind.group}`
}
