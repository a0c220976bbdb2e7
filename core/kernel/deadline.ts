import type { Clock } from './contract.js'

/** Waits for `work`, but no longer than `ms`; then rejects with what `late` makes, and forgets the work. */
export async function within<T>(clock: Clock, ms: number, work: () => T | Promise<T>, late: () => Error): Promise<T> {
  let cancel = (): void => {}
  const expired = new Promise<never>((_resolve, reject) => {
    cancel = clock.setTimer(ms, () => reject(late())).cancel
  })
  try {
    return await Promise.race([Promise.resolve().then(work), expired])
  } finally {
    cancel()
  }
}
