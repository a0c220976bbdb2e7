import { sleepOn } from './clock.js'
import type { Clock, Timer } from './contract.js'

/** A clock that stands still until it is told to move. Nothing that runs on it depends on the speed of the machine. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on by `ms` and runs the timers that fall due, in order of their time, then of their creation. Before
   * each and at the end, promises and deferred work settle. Resolves when nothing is due any more.
   */
  advance(ms: number): Promise<void>
  /** Lets promises, deferred work and ready input and output run, without moving time. */
  settle(): Promise<void>
  /** Timers that are set and not yet due, unreferenced ones included. */
  readonly pending: number
}

interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** 2024-01-01T00:00:00Z, unless `startMs` says otherwise. */
export function createVirtualClock(startMs: number = Date.UTC(2024, 0, 1)): VirtualClock {
  let elapsed = 0
  let created = 0
  const entries = new Set<Entry>()

  const setTimer = (ms: number, run: () => void): Timer => {
    created += 1
    // As with real timers, less than a millisecond is one.
    const entry: Entry = { at: elapsed + Math.max(1, ms), order: created, run }
    entries.add(entry)
    return { cancel: () => void entries.delete(entry) }
  }

  const nextDue = (until: number): Entry | undefined => {
    let next: Entry | undefined
    for (const entry of entries) {
      if (entry.at > until) continue
      if (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order)) next = entry
    }
    return next
  }

  return {
    now: () => startMs + Math.floor(elapsed),
    monotonic: () => elapsed,
    setTimer,
    sleep: (ms, signal) => sleepOn(setTimer, ms, signal),
    defer: (run) => void setImmediate(run),
    settle,
    get pending() {
      return entries.size
    },
    async advance(ms) {
      const until = elapsed + ms
      await settle()
      for (let entry = nextDue(until); entry; entry = nextDue(until)) {
        entries.delete(entry)
        elapsed = Math.max(elapsed, entry.at)
        entry.run()
        await settle()
      }
      elapsed = until
    },
  }
}

// Two turns: work that one deferred step hands to another is done too.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
