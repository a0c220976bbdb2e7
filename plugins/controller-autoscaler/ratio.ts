/** How what is used compares with what shall be, in the whole numbers in which Kubernetes counts. Pure. */
import type { MeasuredPods } from '@davit/core/controller'

export interface Sample {
  readonly value: number
  readonly request: number
}
export interface Ratio {
  /** Used by wanted: 1 is exactly the target. */
  readonly ratio: number
  /** Percent of the requests; absent where the target is no percentage. */
  readonly utilization?: number
  /** The average of all, in thousandths. */
  readonly average: number
}

/** Undefined: nothing is requested, so there is nothing that a share could be of. */
export function ratioOf(samples: readonly Sample[], { unit, target }: Pick<MeasuredPods, 'unit' | 'target'>): Ratio | undefined {
  const total = samples.reduce((sum, { value }) => sum + value, 0)
  const average = Math.trunc(total / samples.length)
  if (unit === 'milli') return { ratio: average / target, average }
  const requested = samples.reduce((sum, { request }) => sum + request, 0)
  if (requested === 0) return undefined
  const utilization = Math.trunc((total * 100) / requested)
  return { ratio: utilization / target, utilization, average }
}

export function isWithin(ratio: number, tolerance: number): boolean {
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance
}
