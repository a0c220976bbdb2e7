import type { CycleState, StateKey } from './contract.js'

export class MapCycleState implements CycleState {
  /** Made when it is needed: most cycles keep nothing. */
  #values: Map<symbol, unknown> | undefined

  get<T>(key: StateKey<T>): T | undefined {
    return this.#values?.get(key.symbol) as T | undefined
  }
  set<T>(key: StateKey<T>, value: T): void {
    this.#values ??= new Map()
    this.#values.set(key.symbol, value)
  }
}
