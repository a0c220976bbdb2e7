import type { Key } from './contract.js'
import type { Version } from './history.js'

/** One key and its newest version; the older ones hang behind it. */
export interface KeyNode {
  readonly key: Key
  head: Version
}

const chunkSize = 512

/**
 * Every key of the store, in order. Sorted chunks keep an insert among a hundred thousand keys at the price of moving a
 * few hundred pointers, and a walk at that of an array.
 */
export class KeyIndex {
  readonly #nodes = new Map<Key, KeyNode>()
  readonly #chunks: KeyNode[][] = []

  get size(): number {
    return this.#nodes.size
  }

  get(key: Key): KeyNode | undefined {
    return this.#nodes.get(key)
  }

  insert(node: KeyNode): void {
    this.#nodes.set(node.key, node)
    const last = this.#chunks.at(-1)
    if (last === undefined) {
      this.#chunks.push([node])
      return
    }
    const at = Math.max(0, this.#chunkOf(node.key))
    const chunk = this.#chunks[at] as KeyNode[]
    chunk.splice(lowerBound(chunk, node.key), 0, node)
    if (chunk.length <= chunkSize) return
    // Keys that arrive in order fill their chunks instead of leaving a trail of half-empty ones.
    const cut = chunk === last && chunk.at(-1) === node ? chunkSize : chunkSize / 2
    this.#chunks.splice(at + 1, 0, chunk.splice(cut))
  }

  remove(key: Key): void {
    if (!this.#nodes.delete(key)) return
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at] as KeyNode[]
    chunk.splice(lowerBound(chunk, key), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** Hands the nodes from `from` on and before `to` to `visit`, in order. The index must not change meanwhile. */
  between(from: Key, to: Key, visit: (node: KeyNode) => void): void {
    let at = Math.max(0, this.#chunkOf(from))
    let position = lowerBound(this.#chunks[at] ?? [], from)
    for (let chunk = this.#chunks[at]; chunk !== undefined; chunk = this.#chunks[++at], position = 0) {
      const whole = (chunk.at(-1) as KeyNode).key < to
      const end = whole ? chunk.length : lowerBound(chunk, to)
      for (; position < end; position++) visit(chunk[position] as KeyNode)
      if (!whole) return
    }
  }

  all(): IterableIterator<KeyNode> {
    return this.#nodes.values()
  }

  /** The last chunk that begins at or before `key`; -1 when the key lies before all. */
  #chunkOf(key: Key): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((this.#chunks[middle] as KeyNode[])[0] as KeyNode).key <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

function lowerBound(chunk: readonly KeyNode[], key: Key): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((chunk[middle] as KeyNode).key < key) low = middle + 1
    else high = middle
  }
  return low
}
