/** Which run of a CronJob is due, and when the next one is; pure. */
import type { CronJob } from '@davit/core/kinds'
import type { Timetable } from './timetable.js'

/** More missed runs than that are told: the clock may be wrong, or the CronJob was suspended for long. */
const fewMissed = 100

export interface Due {
  /** The last run that is not yet made; `undefined`: none is due. */
  readonly run?: number
  /** Many runs before it were missed, and are not made up for. */
  readonly many: boolean
  /** Milliseconds until the next run; `undefined`: there is none. */
  readonly nextMs?: number
}

/** `now`, `run`: milliseconds since 1970. */
export function dueOf({ metadata, spec, status }: CronJob, timetable: Timetable, now: number): Due {
  const known = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? new Date(now).toISOString())
  const deadline = spec.startingDeadlineSeconds
  const from = deadline === undefined ? known : Math.max(known, now - deadline * 1000)
  const run = timetable.latest(from, now)
  const next = timetable.next(run ?? from)
  const following = next === undefined || next > now ? next : timetable.next(now)
  return {
    ...(run !== undefined && { run }),
    many: run !== undefined && missedMoreThan(fewMissed, timetable, from, run),
    ...(following !== undefined && { nextMs: following - now }),
  }
}

function missedMoreThan(limit: number, timetable: Timetable, from: number, run: number): boolean {
  let at: number | undefined = from
  for (let missed = 0; missed < limit; missed += 1) {
    at = timetable.next(at)
    if (at === undefined || at >= run) return false
  }
  return true
}
