/** Sets of completion indexes, in memory and as a status writes them: "1,3-5,7". */

interface Interval {
  readonly first: number
  readonly last: number
}

/** Immutable. Holds intervals, for an indexed Job may have 100,000 completions. */
export class IndexSet {
  static readonly empty = new IndexSet([])
  readonly #intervals: readonly Interval[]

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals
  }

  static of(indexes: Iterable<number>): IndexSet {
    const sorted = [...indexes].sort((a, b) => a - b)
    return new IndexSet(joined(sorted.map((index) => ({ first: index, last: index }))))
  }

  /** Indexes from `completions` on are left out, and so is what is no index. */
  static parse(text: string | undefined, completions: number): IndexSet {
    const intervals = (text ?? '').split(',').flatMap((part) => {
      const [first, last = first] = part.split('-').map((number) => (/^\d+$/.test(number) ? Number(number) : Number.NaN))
      if (first === undefined || last === undefined || !(first <= last) || first >= completions) return []
      return [{ first, last: Math.min(last, completions - 1) }]
    })
    return new IndexSet(joined(intervals.sort((a, b) => a.first - b.first)))
  }

  get size(): number {
    return this.#intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  has(index: number): boolean {
    let [low, high] = [0, this.#intervals.length - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const { first, last } = this.#intervals[middle] as Interval
      if (index < first) high = middle - 1
      else if (index > last) low = middle + 1
      else return true
    }
    return false
  }

  union(other: IndexSet): IndexSet {
    if (other.size === 0) return this
    const all = [...this.#intervals, ...other.#intervals].sort((a, b) => a.first - b.first)
    return new IndexSet(joined(all))
  }

  /** How many of `other` are in this set. */
  overlap(other: IndexSet): number {
    let count = 0
    for (const mine of this.#intervals) {
      for (const theirs of other.#intervals) {
        count += Math.max(0, Math.min(mine.last, theirs.last) - Math.max(mine.first, theirs.first) + 1)
      }
    }
    return count
  }

  /** The lowest `count` indexes below `limit` that are not in this set. */
  missing(count: number, limit: number): number[] {
    const found: number[] = []
    let next = 0
    for (const { first, last } of [...this.#intervals, { first: limit, last: limit }]) {
      for (; next < Math.min(first, limit) && found.length < count; next += 1) found.push(next)
      next = last + 1
    }
    return found
  }

  /** Three or more in a row are written as an interval, two are not. */
  toString(): string {
    const text = ({ first, last }: Interval) => {
      if (first === last) return String(first)
      return `${first}${last === first + 1 ? ',' : '-'}${last}`
    }
    return this.#intervals.map(text).join(',')
  }
}

/** `intervals` sorted by their beginnings; those that touch become one. */
function joined(intervals: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = []
  for (const interval of intervals) {
    const before = result.at(-1)
    if (before && interval.first <= before.last + 1) {
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, interval.last) }
    } else result.push(interval)
  }
  return result
}
