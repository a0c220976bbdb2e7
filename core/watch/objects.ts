import type { Key } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'
import type { CacheList, ListOptions } from './contract.js'
import type { StoredItem } from './item.js'
import { matchesItem, selects } from './scope.js'
import { SortedItems } from './sorted.js'

type Listing = Omit<CacheList, 'revision'>

const nothing: readonly StoredItem[] = Object.freeze([])

/** The present objects of one resource: by name for gets, in order of key for lists. */
export class Objects {
  readonly #prefix: string
  readonly #names = new Map<string, Map<string, StoredItem>>()
  readonly #sorted = new SortedItems<StoredItem>()
  /** Whole listings by namespace ('' for all), kept until something in them changes. */
  readonly #listings = new Map<string, readonly StoredItem[]>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  get size(): number {
    return this.#sorted.size
  }
  get namespaces(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  get(namespace: string, name: string): StoredItem | undefined {
    return this.#names.get(namespace)?.get(name)
  }

  set(item: StoredItem): StoredItem | undefined {
    let names = this.#names.get(item.namespace)
    if (names === undefined) {
      names = new Map()
      this.#names.set(item.namespace, names)
    }
    names.set(item.name, item)
    this.#forget(item.namespace)
    return this.#sorted.set(item)
  }

  delete(key: Key): StoredItem | undefined {
    const item = this.#sorted.delete(key)
    if (item === undefined) return undefined
    const names = this.#names.get(item.namespace)
    names?.delete(item.name)
    if (names?.size === 0) this.#names.delete(item.namespace)
    this.#forget(item.namespace)
    return item
  }

  all(): readonly StoredItem[] {
    return this.#whole(undefined)
  }

  list(options: ListOptions): Listing {
    if (selects(options)) return this.#selected(options)
    if (options.limit === undefined && options.startAfter === undefined) {
      return { items: this.#whole(options.namespace), more: false, remaining: 0 }
    }
    return this.#page(options)
  }

  #whole(namespace: string | undefined): readonly StoredItem[] {
    const known = this.#listings.get(namespace ?? '')
    if (known !== undefined) return known
    if (namespace !== undefined && !this.#names.has(namespace)) return nothing
    const { from, to } = this.#bounds(namespace)
    const items = Object.freeze(this.#sorted.slice(from, to))
    this.#listings.set(namespace ?? '', items)
    return items
  }

  #page({ namespace, startAfter, limit = Number.POSITIVE_INFINITY }: ListOptions): Listing {
    const { from, to } = this.#bounds(namespace, startAfter)
    const items: StoredItem[] = []
    this.#sorted.scan(from, to, (item) => items.length < limit && items.push(item) > 0)
    const last = items.at(-1)
    const remaining = this.#sorted.rank(to) - this.#sorted.rank(last === undefined ? from : after(last.key))
    return { items: Object.freeze(items), more: remaining > 0, remaining }
  }

  #selected(options: ListOptions): Listing {
    const { namespace, startAfter, limit = Number.POSITIVE_INFINITY } = options
    const { from, to } = this.#bounds(namespace, startAfter)
    const items: StoredItem[] = []
    let more = false
    const visit = (item: StoredItem): boolean => {
      if (!matchesItem(options, item)) return true
      more = items.length >= limit
      if (!more) items.push(item)
      return !more
    }
    if (options.fields?.name === undefined) this.#sorted.scan(from, to, visit)
    else for (const item of this.#named(options.fields.name, namespace)) if (item.key >= from && !visit(item)) break
    return { items: Object.freeze(items), more }
  }

  /** All objects of a name, in order of key. */
  #named(name: string, namespace: string | undefined): StoredItem[] {
    const places = namespace === undefined ? [...this.#names.values()] : [this.#names.get(namespace)]
    const items = places.map((names) => names?.get(name)).filter((item) => item !== undefined)
    return items.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #bounds(namespace: string | undefined, startAfter?: Key): { from: Key; to: Key } {
    const start = namespace === undefined ? this.#prefix : `${this.#prefix}${namespace}/`
    const to = prefixEnd(start)
    if (startAfter === undefined || startAfter < start) return { from: start, to }
    return { from: after(startAfter), to }
  }

  #forget(namespace: string): void {
    if (this.#listings.size === 0) return
    this.#listings.delete('')
    this.#listings.delete(namespace)
  }
}

/** The first key behind `key`. */
function after(key: Key): Key {
  return `${key}\0`
}
