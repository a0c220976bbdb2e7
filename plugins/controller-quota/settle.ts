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

  /** `used` and `version` as stored; `counted`: by all that is stored now. Answers with what is to be stored. */
  settle(version: string, used: Amounts, counted: Amounts, now: number): Settled {
    if (version !== this.#seen) this.#changedAt = now
    this.#seen = version
    const quietMs = now - this.#changedAt
    if (isEmpty(used) || isSame(used, counted) || quietMs >= this.#settleMs) {
      this.#mark = undefined
      return { used: counted }
    }
    this.#mark ??= { used, at: now }
    if (now - this.#mark.at < this.#settleMs) {
      return { used: raised(used, counted), againMs: Math.min(this.#mark.at, this.#changedAt) + this.#settleMs - now }
    }
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

function isSame(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name]?.nano === b[name]?.nano)
}
