import type { KubeObject } from '../kinds/contract.js'

interface Index<T> {
  keys(object: T): readonly string[]
  /** By identity: each object is another one when it changes. */
  readonly found: Map<string, Set<T>>
}

/** What an informer holds: references by namespace and name, and the indexes over them. */
export class InformerState<T extends KubeObject> {
  readonly #namespaces = new Map<string, Map<string, T>>()
  readonly #indexes = new Map<string, Index<T>>()
  /** Lists that were asked for, until something in them changes. '' is all. */
  readonly #lists = new Map<string, readonly T[]>()

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  list(namespace = ''): readonly T[] {
    let list = this.#lists.get(namespace)
    if (list === undefined) {
      const places = namespace === '' ? [...this.#namespaces.values()] : [this.#namespaces.get(namespace)]
      list = Object.freeze(places.flatMap((place) => (place === undefined ? [] : [...place.values()])))
      this.#lists.set(namespace, list)
    }
    return list
  }

  /** Answers with what stood there before. */
  set(object: T): T | undefined {
    const { namespace = '', name } = object.metadata
    let place = this.#namespaces.get(namespace)
    if (place === undefined) {
      place = new Map()
      this.#namespaces.set(namespace, place)
    }
    const old = place.get(name)
    place.set(name, object)
    this.#changed(namespace, old, object)
    return old
  }

  delete(namespace: string, name: string): T | undefined {
    const place = this.#namespaces.get(namespace)
    const old = place?.get(name)
    if (place === undefined || old === undefined) return undefined
    place.delete(name)
    if (place.size === 0) this.#namespaces.delete(namespace)
    this.#changed(namespace, old, undefined)
    return old
  }

  index(name: string, keys: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return
    const index: Index<T> = { keys, found: new Map() }
    this.#indexes.set(name, index)
    for (const object of this.list()) put(index, object)
  }

  byIndex(name: string, key: string): readonly T[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new Error(`this informer has no index "${name}"`)
    return [...(index.found.get(key) ?? [])]
  }

  #changed(namespace: string, old: T | undefined, present: T | undefined): void {
    this.#lists.delete('')
    this.#lists.delete(namespace)
    for (const index of this.#indexes.values()) {
      if (old !== undefined) take(index, old)
      if (present !== undefined) put(index, present)
    }
  }
}

function put<T extends KubeObject>(index: Index<T>, object: T): void {
  for (const key of index.keys(object)) {
    let found = index.found.get(key)
    if (found === undefined) {
      found = new Set()
      index.found.set(key, found)
    }
    found.add(object)
  }
}

function take<T extends KubeObject>(index: Index<T>, object: T): void {
  for (const key of index.keys(object)) {
    const found = index.found.get(key)
    found?.delete(object)
    if (found?.size === 0) index.found.delete(key)
  }
}
