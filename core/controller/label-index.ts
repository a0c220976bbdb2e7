/** Finding what a selector selects without looking at all of a namespace: an index of an informer over every label. */
import type { Informer } from '../client/contract.js'
import type { KubeObject, Selector } from '../kinds/contract.js'

const byLabel = 'label'

/** Adds the index that `selectByLabels` reads; adding it again is allowed. */
export function indexLabels<T extends KubeObject>(informer: Informer<T>): void {
  informer.index(byLabel, ({ metadata: { namespace = '', labels } }) =>
    labels ? Object.entries(labels).map(([name, value]) => keyOf(namespace, name, value)) : none,
  )
}

/** Those of `namespace` that match. A selector that names no exact value has all of them looked at. */
export function selectByLabels<T extends KubeObject>(informer: Informer<T>, namespace: string, selector: Selector): readonly T[] {
  let fewest: readonly T[] | undefined
  for (const [name, value] of selector.exact) {
    const found = informer.byIndex(byLabel, keyOf(namespace, name, value))
    if (!fewest || found.length < fewest.length) fewest = found
    if (found.length === 0) break
  }
  return (fewest ?? informer.list(namespace)).filter(({ metadata }) => selector.matches(metadata.labels))
}

const none: readonly never[] = []

function keyOf(namespace: string, name: string, value: string): string {
  return `${namespace}/${name}=${value}`
}
