/**
 * When the count may lower what admission has charged. An object that is charged and not stored yet is in `used` and in no
 * informer: to write the count then would give its place away twice. So the count is believed once no charge is younger than
 * the time in which each must have ended; and while charges keep coming, only what stood there before that time is
 * compared with it. Pure, but for the memory of one quota.
 */
import { type Amounts, addAmounts, subtractQuantities } from '@davit/core/kinds'

export interface Settled {
  readonly used: Amounts
  /** When to look again, in milliseconds; absent where the count is believed. */
  readonly againMs?: number
}

export class Settlement {
  readonly #settleMs: number
  #seen: string | undefined
  #changedAt = Number.NEGATIVE_INFINITY
  #mark: { readonly used: Amounts; readonly at: number } | undefined

  constructor(settleMs: number) {
    this.#settleMs = settleMs
  }

  /**
   * `used` and `version` as stored; `count` adds up all that is stored now, and is asked only when its answer can count: a
   * namespace that fills up is not counted anew for each of its objects. `fresh`: there are names that were never counted.
   * Answers with what is to be stored.
   */
  settle(version: string, used: Amounts, count: () => Amounts, now: number, fresh = false): Settled {
    if (version !== this.#seen) this.#changedAt = now
    this.#seen = version
    // Nothing is charged to a quota that nobody has counted.
    if (isEmpty(used)) this.#changedAt = Number.NEGATIVE_INFINITY
    if (now - this.#changedAt >= this.#settleMs) {
      this.#mark = undefined
      return { used: count() }
    }
    if (fresh) return { used: raised(used, count()), againMs: this.#settleMs }
    this.#mark ??= { used, at: now }
    const left = this.#mark.at + this.#settleMs - now
    if (left > 0) return { used, againMs: left }
    const counted = count()
    const lower = raised(lowered(used, this.#mark.used, counted), counted)
    this.#mark = { used: lower, at: now }
    return { used: lower, againMs: this.#settleMs }
  }

  /** This version is the controller's own: nobody charged anything. */
  wrote(version: string): void {
    this.#seen = version
  }
}

/** Never below the count. */
function raised(used: Amounts, counted: Amounts): Amounts {
  const entries = Object.entries(counted).map(([name, amount]) => {
    const stored = used[name]
    return [name, stored !== undefined && stored.nano > amount.nano ? stored : amount] as const
  })
  return Object.fromEntries(entries)
}

/** Without what was there before and is nowhere now. */
function lowered(used: Amounts, before: Amounts, counted: Amounts): Amounts {
  const entries = Object.entries(used).map(([name, amount]) => {
    const [old, now] = [before[name], counted[name]]
    if (old === undefined || now === undefined || old.nano <= now.nano) return [name, amount] as const
    return [name, subtractQuantities(amount, subtractQuantities(old, now))] as const
  })
  return addAmounts({}, Object.fromEntries(entries))
}

const isEmpty = (amounts: Amounts): boolean => Object.keys(amounts).length === 0
