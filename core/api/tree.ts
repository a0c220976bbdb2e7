/** Walks over plain JSON trees. */
import type { KubeObject } from '../kinds/contract.js'

export type Tree = Record<string, unknown>

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equal as JSON: the order of keys does not count, a key that is `undefined` is absent. */
export function equalTrees(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left)) return Array.isArray(right) && equalLists(left, right)
  return !Array.isArray(right) && equalMaps(left as Tree, right as Tree)
}

function equalLists(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (!equalTrees(left[index], right[index])) return false
  return true
}

function equalMaps(left: Tree, right: Tree): boolean {
  let keys = 0
  for (const key in left) {
    const value = left[key]
    if (value === undefined) continue
    if (!equalTrees(value, right[key])) return false
    keys++
  }
  for (const key in right) if (right[key] !== undefined) keys--
  return keys === 0
}

/** A deep copy that nobody shares, unfrozen. */
export function copyTree<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyTree) as T
  const copy: Tree = {}
  for (const key in value) {
    if (key === '__proto__') continue
    copy[key] = copyTree((value as Tree)[key])
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
