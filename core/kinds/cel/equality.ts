/** `==`, `in`, and what is the same to a set: numbers by their value, whatever their type; lists and maps by their contents. */
import { sizeCost, spend } from './budget.js'
import { Duration, Optional, UnsignedInt } from './library.js'
import { nanosOf } from './time.js'

/** A class of values of our own. */
export interface Comparable {
  equals(other: unknown): boolean
}

export function equals(a: unknown, b: unknown): boolean {
  if (a === b) {
    if (typeof a === 'string') spend(sizeCost(a))
    return true
  }
  spend(1)
  if (a instanceof UnsignedInt) return equals(a.value, b)
  if (b instanceof UnsignedInt) return equals(a, b.value)
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are equal when their values are.
  if (isNumeric(a)) return isNumeric(b) && a == b
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equals(item, b[index]))
  if (a instanceof Map) return b instanceof Map && equalMaps(a, b)
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime()
  if (a instanceof Duration) return b instanceof Duration && nanosOf(a) === nanosOf(b)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b)
  return isComparable(a) && a.equals(b)
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function equalMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const other = b.get(key)
    if (other === undefined || !equals(a.get(key), other)) return false
  }
  return true
}

function equalOptionals(a: Optional, b: Optional): boolean {
  if (a.hasValue() !== b.hasValue()) return false
  return !a.hasValue() || equals(a.value(), b.value())
}

function isComparable(value: object): value is Comparable {
  return 'equals' in value && typeof value.equals === 'function'
}

export function includes(list: readonly unknown[], value: unknown): boolean {
  return list.some((item) => equals(item, value))
}
