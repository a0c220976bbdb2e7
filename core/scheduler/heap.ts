/** A binary heap over a changeable order: `less` is read at each comparison, so `rebuild` after the order itself changed. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #places = new Map<T, number>()
  readonly #less: (a: T, b: T) => boolean

  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less
  }

  get size(): number {
    return this.#items.length
  }

  has(item: T): boolean {
    return this.#places.has(item)
  }

  push(item: T): void {
    if (this.#places.has(item)) return
    this.#items.push(item)
    this.#places.set(item, this.#items.length - 1)
    this.#up(this.#items.length - 1)
  }

  pop(): T | undefined {
    const top = this.#items[0]
    if (top !== undefined) this.delete(top)
    return top
  }

  delete(item: T): boolean {
    const place = this.#places.get(item)
    if (place === undefined) return false
    this.#places.delete(item)
    const last = this.#items.pop() as T
    if (last !== item) {
      this.#items[place] = last
      this.#places.set(last, place)
      this.#up(place)
      this.#down(this.#places.get(last) as number)
    }
    return true
  }

  rebuild(): void {
    for (let place = (this.#items.length >> 1) - 1; place >= 0; place--) this.#down(place)
  }

  #up(start: number): void {
    let place = start
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#less(this.#items[place] as T, this.#items[parent] as T)) return
      this.#swap(place, parent)
      place = parent
    }
  }

  #down(start: number): void {
    let place = start
    for (;;) {
      let least = place
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.#items.length && this.#less(this.#items[child] as T, this.#items[least] as T)) least = child
      }
      if (least === place) return
      this.#swap(place, least)
      place = least
    }
  }

  #swap(a: number, b: number): void {
    const first = this.#items[a] as T
    const second = this.#items[b] as T
    this.#items[a] = second
    this.#items[b] = first
    this.#places.set(second, a)
    this.#places.set(first, b)
  }
}
