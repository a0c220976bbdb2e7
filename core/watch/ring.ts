import type { Revision } from '../store/contract.js'
import type { Change } from './change.js'

export interface RingLimits {
  readonly changes: number
  readonly bytes: number
}

/** The newest changes of a resource, so that watchers who come late are served from memory. */
export class Ring {
  readonly #limits: RingLimits
  #changes: (Change | undefined)[] = []
  #start = 0
  #bytes = 0
  #floor: Revision = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  /** Nothing at or before `floor` will ever be here. */
  begin(floor: Revision): void {
    this.#floor = floor
  }

  /** All changes with a greater revision than this are here. */
  get floor(): Revision {
    return this.#floor
  }
  get length(): number {
    return this.#changes.length - this.#start
  }

  push(change: Change): void {
    this.#changes.push(change)
    this.#bytes += change.size
    while (this.length > this.#limits.changes || (this.#bytes > this.#limits.bytes && this.length > 1)) this.#drop()
    if (this.#start > 1024 && this.#start > this.#changes.length / 2) {
      this.#changes = this.#changes.slice(this.#start)
      this.#start = 0
    }
  }

  /** Changes with a greater revision; right only from `floor` on. */
  since(after: Revision): readonly Change[] {
    let low = this.#start
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#changes[middle] as Change).revision <= after) low = middle + 1
      else high = middle
    }
    return this.#changes.slice(low) as Change[]
  }

  #drop(): void {
    const change = this.#changes[this.#start] as Change
    this.#bytes -= change.size
    this.#floor = change.revision
    this.#changes[this.#start] = undefined
    this.#start += 1
  }
}
