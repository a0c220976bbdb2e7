import type { CycleState, StateKey } from './contract.js'

export class MapCycleState implements CycleState {
  readonly #values = new Map<symbol, unknown>()
  get<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key.symbol) as T | undefined
  }
  set<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key.symbol, value)
  }
}
