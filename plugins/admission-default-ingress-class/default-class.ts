import type { IngressClass } from '@davit/core/kinds'

const mark = 'ingressclass.kubernetes.io/is-default-class'

/** Of several the newest, and of those made in one second the first by name. Pure. */
export function defaultClass(classes: readonly IngressClass[]): IngressClass | undefined {
  return classes.filter(({ metadata }) => metadata.annotations?.[mark] === 'true').sort(byAge)[0]
}

function byAge({ metadata: a }: IngressClass, { metadata: b }: IngressClass): number {
  const [first = '', second = ''] = [a.creationTimestamp, b.creationTimestamp]
  if (first !== second) return first > second ? -1 : 1
  return a.name < b.name ? -1 : 1
}
