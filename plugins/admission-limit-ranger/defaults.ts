/** What LimitRanges fill into the containers of a new Pod. */
import type { Container, KubeObject, LimitRange, Pod } from '@davit/core/kinds'

type List = Readonly<Record<string, string>>
const annotation = 'kubernetes.io/limit-ranger'

/** Changes the Pod, and notes in an annotation what it set. */
export function setDefaults(object: KubeObject, ranges: readonly LimitRange[]): undefined {
  if (ranges.length === 0) return undefined
  const pod = object as Pod
  for (const range of ranges) {
    const { requests, limits } = defaultsOf(range)
    const set = [
      ...pod.spec.containers.flatMap((each) => fill(each, 'container', requests, limits)),
      ...(pod.spec.initContainers ?? []).flatMap((each) => fill(each, 'init container', requests, limits)),
    ]
    if (set.length === 0) continue
    pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${set.join('; ')}` }
  }
  return undefined
}

function defaultsOf({ spec }: LimitRange): { readonly requests: List; readonly limits: List } {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container')
  const requests: List = Object.assign({}, ...items.map((item) => item.defaultRequest))
  return { requests, limits: Object.assign({}, ...items.map((item) => item.default)) }
}

function fill(container: Container, what: string, requests: List, limits: List): string[] {
  const set: string[] = []
  for (const [list, word, defaults] of [
    ['requests', 'request', requests],
    ['limits', 'limit', limits],
  ] as const) {
    const missing = Object.keys(defaults).filter((name) => container.resources?.[list]?.[name] === undefined)
    if (missing.length === 0) continue
    const added = Object.fromEntries(missing.map((name) => [name, defaults[name] ?? '']))
    container.resources = { ...container.resources, [list]: { ...container.resources?.[list], ...added } }
    set.push(`${missing.sort().join(', ')} ${word} for ${what} ${container.name}`)
  }
  return set
}
