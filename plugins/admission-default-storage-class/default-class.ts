import type { StorageClass } from '@davit/core/kinds'

const marks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** Of several the newest, and of those made in one second the first by name. Pure. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const marked = classes.filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === 'true'))
  return marked.sort(byAge)[0]
}

function byAge({ metadata: a }: StorageClass, { metadata: b }: StorageClass): number {
  const [first = '', second = ''] = [a.creationTimestamp, b.creationTimestamp]
  if (first !== second) return first > second ? -1 : 1
  return a.name < b.name ? -1 : 1
}
