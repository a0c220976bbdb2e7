/** Functions on lists, and lists as sets. */
import { spend } from './budget.js'
import { equals, includes } from './equality.js'
import { Duration, failure } from './library.js'
import type { Registrar } from './registrar.js'
import { durationOf, nanosOf } from './time.js'

type List = readonly unknown[]

export function registerLists({ method, namespace }: Registrar): void {
  method('list<A>.isSorted(): bool', (list: List) =>
    list.every((one, index) => index === 0 || compare(list[index - 1], one) <= 0),
  )
  method('list<A>.sum(): A', sum)
  method('list<A>.min(): A', (list: List) => extreme(list, 'min', (order) => order < 0))
  method('list<A>.max(): A', (list: List) => extreme(list, 'max', (order) => order > 0))
  method('list<A>.indexOf(A): int', (list: List, wanted: unknown) => BigInt(list.findIndex((one) => equals(one, wanted))))
  method('list<A>.lastIndexOf(A): int', (list: List, wanted: unknown) => BigInt(list.findLastIndex((one) => equals(one, wanted))))
  namespace('sets', {
    'contains(list<A>, list<A>): bool': contains,
    'equivalent(list<A>, list<A>): bool': (a: List, b: List) => contains(a, b) && contains(b, a),
    'intersects(list<A>, list<A>): bool': (a: List, b: List) => a.some((one) => includes(b, one)),
  })
}

function contains(list: List, part: List): boolean {
  return part.every((one) => includes(list, one))
}

/** Negative, zero or positive; of two values of one ordered type. */
function compare(a: unknown, b: unknown): number {
  spend(1)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  if (a instanceof Duration && b instanceof Duration) return order(nanosOf(a), nanosOf(b))
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (isNumber(a) && isNumber(b)) return order(a, b)
  throw failure('no such overload: values that have no order')
}
const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'
const order = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** By characters, where JavaScript compares the halves of wide ones. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))
}

function extreme(list: List, name: string, better: (order: number) => boolean): unknown {
  const [first, ...others] = list
  if (first === undefined) throw failure(`${name} called on empty list`)
  return others.reduce((best, one) => (better(compare(one, best)) ? one : best), first)
}

const [largest, smallest] = [2n ** 63n - 1n, -(2n ** 63n)]

function sum(list: List): unknown {
  const [first] = list
  if (first === undefined) return 0n
  if (list.every((one) => typeof one === 'bigint')) {
    const total = list.reduce((all, one) => all + one, 0n)
    if (total > largest || total < smallest) throw failure('integer overflow')
    return total
  }
  if (list.every((one) => typeof one === 'number')) return list.reduce((all, one) => all + one, 0)
  if (list.every((one) => one instanceof Duration)) return durationOf(list.reduce((all, one) => all + nanosOf(one), 0n))
  throw failure('no such overload: sum() of a list of other things than numbers or durations')
}
