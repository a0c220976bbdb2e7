/** The way to a part of an object as errors show it: "spec.containers[0].image", "metadata.labels[a.io/b]". */

/** Undefined where nothing is there, and for a path that names no place, such as "spec.{a, b}". */
export function valueAt(object: unknown, path: string): unknown {
  let value = object
  for (const [, name, key] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined
    const at = name ?? key ?? ''
    value = Object.hasOwn(value, at) ? (value as Readonly<Record<string, unknown>>)[at] : undefined
  }
  return value
}
