/** The order of a merged list: what the patch lists in the order it says, the rest where the object had it. */

const itself = (element: unknown): unknown => element

/**
 * `listed` and `before` are keys; `keyOf` tells the key of an element. The elements that are listed stand in that
 * order. The others keep their own order, and each stands before the first listed element that it stood before.
 */
export function orderElements(
  elements: readonly unknown[],
  listed: readonly unknown[],
  before: readonly unknown[],
  keyOf: (element: unknown) => unknown = itself,
): unknown[] {
  const wanted = positions(listed)
  const stood = positions(before)
  const place = (position: Map<unknown, number>, element: unknown) => position.get(keyOf(element)) ?? Number.MAX_SAFE_INTEGER
  const byPlace = (position: Map<unknown, number>) => (a: unknown, b: unknown) => place(position, a) - place(position, b)
  const named = elements.filter((element) => wanted.has(keyOf(element))).sort(byPlace(wanted))
  const others = elements.filter((element) => !wanted.has(keyOf(element))).sort(byPlace(stood))
  const result: unknown[] = []
  let next = 0
  for (const element of named) {
    const at = stood.get(keyOf(element))
    while (at !== undefined && next < others.length && place(stood, others[next]) < at) result.push(others[next++])
    result.push(element)
  }
  return [...result, ...others.slice(next)]
}

function positions(keys: readonly unknown[]): Map<unknown, number> {
  const result = new Map<unknown, number>()
  for (const [index, key] of keys.entries()) if (!result.has(key)) result.set(key, index)
  return result
}
