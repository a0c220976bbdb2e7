import type { Bag } from './contract.js'

interface Contribution<T> {
  readonly owner: string
  readonly value: T
}

/** The live bag behind a `many` token: the kernel puts and removes, consumers read. */
export class LiveBag<T> implements Bag<T> {
  private contributions: readonly Contribution<T>[] = Object.freeze([])
  private values: readonly T[] = Object.freeze([])
  private readonly listeners = new Set<() => void>()
  private readonly onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void) {
    this.onListenerError = onListenerError
  }

  all(): readonly T[] {
    return this.values
  }

  entries(): readonly Contribution<T>[] {
    return this.contributions
  }

  onChange(listener: () => void): () => void {
    // Wrapped, so that the same function registered twice is two listeners.
    const own = (): void => listener()
    this.listeners.add(own)
    return () => void this.listeners.delete(own)
  }

  put(owner: string, values: readonly T[]): void {
    if (values.length === 0) return
    const added = values.map((value) => Object.freeze({ owner, value }))
    // The sort is stable, so what one plugin gives keeps the order in which it listed it.
    this.change([...this.contributions, ...added].sort(byOwner))
  }

  remove(owner: string): void {
    const kept = this.contributions.filter((contribution) => contribution.owner !== owner)
    if (kept.length < this.contributions.length) this.change(kept)
  }

  private change(contributions: readonly Contribution<T>[]): void {
    this.contributions = Object.freeze(contributions)
    this.values = Object.freeze(contributions.map(({ value }) => value))
    for (const listener of [...this.listeners]) {
      try {
        listener()
      } catch (error) {
        this.onListenerError(error)
      }
    }
  }
}

function byOwner(a: { readonly owner: string }, b: { readonly owner: string }): number {
  if (a.owner === b.owner) return 0
  return a.owner < b.owner ? -1 : 1
}
