import type { ReconcileResult } from './contract.js'

/** The shortest of some waits, in milliseconds; `undefined` where there is none. */
export function soonest(waits: Iterable<number | undefined>): number | undefined {
  let least: number | undefined
  for (const wait of waits) if (wait !== undefined && (least === undefined || wait < least)) least = wait
  return least
}

/** Reconcile again after the shortest of these waits; where there is none, only when something wakes the key. */
export function requeueAfter(...waits: (number | undefined)[]): ReconcileResult | undefined {
  const least = soonest(waits)
  return least === undefined ? undefined : { requeueAfterMs: Math.max(1, least) }
}
