/** Walks over plain JSON trees. */
import type { KubeObject } from '../kinds/contract.js'

export type Tree = Record<string, unknown>

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A deep copy that nobody shares, unfrozen. */
export function copyTree<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyTree) as T
  const copy: Tree = {}
  for (const key in value) {
    const child = copyTree((value as Tree)[key])
    // A key like any other, not the object's prototype.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: child, enumerable: true, writable: true, configurable: true })
    else copy[key] = child
  }
  return copy as T
}

/** A copy of an object whose metadata may be changed; everything below the first two levels is shared. */
export function withMetadata(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata } }
}

/** The value at a path, undefined where the way ends. */
export function at(tree: unknown, ...path: readonly string[]): unknown {
  let value = tree
  for (const key of path) {
    if (!isTree(value)) return undefined
    value = value[key]
  }
  return value
}

/** As `at`, but '' for anything that is no text. */
export function textAt(tree: unknown, ...path: readonly string[]): string {
  const value = at(tree, ...path)
  return typeof value === 'string' ? value : ''
}
