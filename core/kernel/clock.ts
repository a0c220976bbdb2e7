import type { Clock, Timer } from './contract.js'

/** The machine's clocks. The only file, with its virtual twin, that may touch them (law 7). */
export function createClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer,
    sleep: (ms, signal) => sleepOn(setTimer, ms, signal),
    defer: (run) => void setImmediate(run),
  }
}

// Node runs a timer of more than 2^31 - 1 ms at once; a long one is a chain of shorter ones.
const longestMs = 2 ** 31 - 1

function setTimer(ms: number, run: () => void, options: { unref?: boolean } = {}): Timer {
  let handle: NodeJS.Timeout
  const arm = (left: number): void => {
    handle = left > longestMs ? setTimeout(() => arm(left - longestMs), longestMs) : setTimeout(run, left)
    if (options.unref) handle.unref()
  }
  arm(ms)
  return { cancel: () => clearTimeout(handle) }
}

/** `Clock.sleep` on any clock's timers. */
export function sleepOn(timer: Clock['setTimer'], ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = (): void => {
      pending.cancel()
      reject(signal?.reason)
    }
    const pending = timer(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
