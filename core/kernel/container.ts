/** What tokens resolve to, over inversify: one module for each plugin instance, so that it unloads as a whole. */
import 'reflect-metadata'
import { Container, ContainerModule } from 'inversify'
import { LiveBag } from './bag.js'
import type { Token } from './contract.js'

export interface Binding {
  readonly token: Token<unknown>
  /** For a `many` token the list of contributions. */
  readonly value: unknown
}

/** Plugins never see it: the kernel resolves what they declare and hands it over. */
export class TokenContainer {
  private readonly container = new Container()
  private readonly modules = new Map<string, ContainerModule>()
  private readonly bags = new Map<symbol, LiveBag<unknown>>()
  private readonly onListenerError: (token: string, error: unknown) => void

  constructor(onListenerError: (token: string, error: unknown) => void) {
    this.onListenerError = onListenerError
  }

  /** Binds everything that `owner` provides. */
  load(owner: string, bindings: readonly Binding[]): void {
    const module = new ContainerModule(({ bind }) => {
      for (const { token, value } of bindings) {
        if (token.cardinality === 'one') bind(token.key).toConstantValue(value)
      }
    })
    this.container.load(module)
    this.modules.set(owner, module)
    for (const { token, value } of bindings) {
      if (token.cardinality === 'many') this.bag(token).put(owner, value as readonly unknown[])
    }
  }

  /** Removes everything that `owner` provided. Idempotent. */
  unload(owner: string): void {
    const module = this.modules.get(owner)
    if (!module) return
    this.modules.delete(owner)
    for (const bag of this.bags.values()) bag.remove(owner)
    this.container.unload(module)
  }

  has(token: Token<unknown>): boolean {
    return this.container.isBound(token.key)
  }

  get(token: Token<unknown>): unknown {
    return this.container.get(token.key)
  }

  /** Made at first use and then always the same, so that a consumer may come before the first contributor. */
  bag(token: Token<unknown>): LiveBag<unknown> {
    let bag = this.bags.get(token.key)
    if (!bag) {
      bag = new LiveBag((error) => this.onListenerError(token.id, error))
      this.bags.set(token.key, bag)
    }
    return bag
  }
}
