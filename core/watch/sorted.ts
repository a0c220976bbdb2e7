import type { Key } from '../store/contract.js'

interface Keyed {
  readonly key: Key
}

const chunkLimit = 512

/** Items in order of key, in chunks, so that an insert among 100,000 moves a few hundred places and not all of them. */
export class SortedItems<T extends Keyed> {
  #chunks: T[][] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Puts `item` at its place; answers with what stood there under the same key. */
  set(item: T): T | undefined {
    const at = this.#chunkOf(item.key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#append(item)
      return undefined
    }
    const place = lowerBound(chunk, item.key)
    const known = chunk[place]
    if (known?.key === item.key) {
      chunk[place] = item
      return known
    }
    chunk.splice(place, 0, item)
    this.#size += 1
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit / 2))
    return undefined
  }

  delete(key: Key): T | undefined {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return undefined
    const place = lowerBound(chunk, key)
    const known = chunk[place]
    if (known?.key !== key) return undefined
    chunk.splice(place, 1)
    this.#size -= 1
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    return known
  }

  clear(): void {
    this.#chunks = []
    this.#size = 0
  }

  /** A fresh array of the items with `from` ≤ key < `to`. */
  slice(from: Key, to: Key): T[] {
    const found: T[] = []
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] as T[]
      if ((chunk[0] as T).key >= to) break
      const begin = (chunk[0] as T).key >= from ? 0 : lowerBound(chunk, from)
      const end = (chunk.at(-1) as T).key < to ? chunk.length : lowerBound(chunk, to)
      for (let place = begin; place < end; place += 1) found.push(chunk[place] as T)
    }
    return found
  }

  /** Visits the items with `from` ≤ key < `to` in order until `visit` answers false. */
  scan(from: Key, to: Key, visit: (item: T) => boolean): void {
    let place: number | undefined
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] as T[]
      place = place === undefined ? lowerBound(chunk, from) : 0
      for (; place < chunk.length; place += 1) {
        const item = chunk[place] as T
        if (item.key >= to || !visit(item)) return
      }
    }
  }

  /** How many items stand before `key`. */
  rank(key: Key): number {
    const last = this.#chunkOf(key)
    let before = 0
    for (let at = 0; at < last; at += 1) before += (this.#chunks[at] as T[]).length
    const chunk = this.#chunks[last]
    return chunk === undefined ? before : before + lowerBound(chunk, key)
  }

  // Keys mostly come in order when a resource is loaded: full chunks then, not halves.
  #append(item: T): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || last.length >= chunkLimit) this.#chunks.push([item])
    else last.push(item)
    this.#size += 1
  }

  /** The first chunk whose last key is not before `key`; beyond the end where there is none. */
  #chunkOf(key: Key): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((this.#chunks[middle] as T[]).at(-1) as T).key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound<T extends Keyed>(items: readonly T[], key: Key): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((items[middle] as T).key < key) low = middle + 1
    else high = middle
  }
  return low
}
