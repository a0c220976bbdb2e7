import type { KubeObject } from '../kinds/contract.js'

/**
 * A changed copy of an object that came from a client: `object` is frozen and shared, the draft is the caller's own,
 * and may be kept and changed on.
 */
export function edit<T extends KubeObject>(object: T, change: (draft: T) => void): T {
  const draft = cloneTree(object)
  change(draft)
  return draft
}

/** A deep, unfrozen copy of JSON values. */
export function cloneTree<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneTree) as T
  const copy: Record<string, unknown> = {}
  const source = value as Record<string, unknown>
  for (const field of Object.keys(source)) copy[field] = cloneTree(source[field])
  return copy as T
}
