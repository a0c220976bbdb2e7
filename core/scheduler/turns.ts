/** Lets so many at once, the others in order of coming. */
export class Turns {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get free(): boolean {
    return this.#taken < this.#limit
  }

  /** Resolves when it is the caller's turn, at once where one is free. */
  take(): Promise<void> | undefined {
    if (!this.free) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#taken += 1
    return undefined
  }

  giveBack(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken -= 1
  }
}
