/**
 * What an evaluation may cost. Evaluation is synchronous, so there is one meter, and no timer could stop it: counting does.
 */
import type { CelBudget } from '../cel.js'

/** For one expression, as Kubernetes has it. */
export const expressionCost = 1_000_000
/** For all expressions of one request. Kubernetes allows ten million of its own, smaller units. */
export const requestCost = 2_000_000

export class Exhausted extends Error {
  override readonly name = 'Exhausted'
}

let left = 0
let exhausted = false

/** Runs `work` with what is left in the budget, and no more than one expression may spend. Runs inside each other share. */
export function metered<T>(budget: CelBudget, work: () => T): T {
  const outer = { left, exhausted }
  const given = Math.min(budget.left, expressionCost)
  left = given
  exhausted = false
  try {
    const result = work()
    if (exhausted) throw new Exhausted()
    return result
  } finally {
    // What an inner expression has spent, the outer budget has lost as well: they are the same object.
    budget.left -= given - left
    left = outer.left
    exhausted = outer.exhausted
  }
}

/** Throws when there is nothing left; each loop looks again before its next step, for some operators swallow errors. */
export function spend(cost: number): void {
  left -= cost
  if (left >= 0 && !exhausted) return
  exhausted = true
  throw new Exhausted()
}

/** What a text or list costs that is looked at whole. */
export function sizeCost(value: unknown): number {
  if (typeof value === 'string') return value.length / 10
  if (Array.isArray(value)) return value.length
  if (value instanceof Uint8Array) return value.length / 10
  return 0
}
