/** The way to a part of an object as errors show it: "spec.containers[0].image", "metadata.labels[a.io/b]". */

/**
 * The innermost part on the way that is there, and how many steps from the object it is. Where the path names no place, such
 * as "spec.{a, b}", that is what the place would be in.
 */
export function nearestAt(object: unknown, path: string): { readonly value: unknown; readonly depth: number } {
  let value = object
  let depth = 0
  for (const [, name, key] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    const at = name ?? key ?? ''
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, at)) break
    const next = (value as Readonly<Record<string, unknown>>)[at]
    // As in JSON, where it would be absent.
    if (next === undefined) break
    value = next
    depth += 1
  }
  return { value, depth }
}
