import type { Time } from '../kinds/contract.js'

/** Whole seconds, as the API keeps them. */
export function toTime(milliseconds: number): Time {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

export function toMicroTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`
}

/** Milliseconds since 1970; 0 for what is no time. */
export function fromTime(time: string | undefined): number {
  const parsed = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(parsed) ? 0 : parsed
}
