import type { BackOff } from './contract.js'

const firstMs = 10_000
const longestMs = 300_000
/** A container that ran so long starts afresh: its next crash is its first. */
export const resetAfterMs = 600_000

/** The first restart comes at once, the next after 10 s, and so on, doubling to 300 s. */
export const defaultBackOff: BackOff = {
  delay: (restarts) => (restarts <= 0 ? 0 : Math.min(longestMs, firstMs * 2 ** (restarts - 1))),
}

/** How long to wait before the next try of something that failed `failures` times: 10 s doubling to 300 s. */
export function retryDelay(failures: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1))
}
