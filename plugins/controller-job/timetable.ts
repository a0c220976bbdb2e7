/** When a schedule runs; pure. */
import type { CronFields, CronSchedule } from '@davit/core/kinds'
import type { WallTime, Zone } from './zone.js'

const minuteMs = 60_000
/** A schedule with no run in so many years (the 31st of February) has none. */
const horizonYears = 5

/** Moments are milliseconds since 1970. */
export interface Timetable {
  /** The first run after `moment`; `undefined`: there is none. */
  next(moment: number): number | undefined
  /** The last run that is after `from` and not after `until`. */
  latest(from: number, until: number): number | undefined
}

export function timetableOf(schedule: CronSchedule, zone: Zone): Timetable {
  return 'everyMs' in schedule ? new Interval(schedule.everyMs) : new Calendar(schedule.fields, zone)
}

class Interval implements Timetable {
  readonly #everyMs: number

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  next(moment: number): number {
    return Math.floor(moment / 1000) * 1000 + this.#everyMs
  }

  latest(from: number, until: number): number | undefined {
    const start = Math.floor(from / 1000) * 1000
    const runs = Math.floor((until - start) / this.#everyMs)
    return runs < 1 ? undefined : start + runs * this.#everyMs
  }
}

class Calendar implements Timetable {
  readonly #fields: CronFields
  readonly #zone: Zone

  constructor(fields: CronFields, zone: Zone) {
    this.#fields = fields
    this.#zone = zone
  }

  /** Goes on by months, days, hours, then minutes. An hour that the clock leaps over has no runs; one that comes twice has them twice. */
  next(moment: number): number | undefined {
    const { months, hours, minutes } = this.#fields
    let at = (Math.floor(moment / minuteMs) + 1) * minuteMs
    const last = this.#zone.wall(at).year + horizonYears
    for (;;) {
      const wall = this.#zone.wall(at)
      if (wall.year > last) return undefined
      if (!months.has(wall.month)) at = this.#zone.dayBegins(wall.year, wall.month + 1, 1)
      else if (!this.#fitsDay(wall)) at = this.#zone.dayBegins(wall.year, wall.month, wall.day + 1)
      else if (!hours.has(wall.hour)) at += (60 - wall.minute) * minuteMs
      else if (!minutes.has(wall.minute)) at += minuteMs
      else return at
    }
  }

  /** Looks back further and further, so that a year without a look costs no more than a minute. */
  latest(from: number, until: number): number | undefined {
    for (let back = minuteMs; ; back *= 2) {
      const start = Math.max(from, until - back)
      let found: number | undefined
      for (let at = this.next(start); at !== undefined && at <= until; at = this.next(at)) found = at
      if (found !== undefined || start === from) return found
    }
  }

  #fitsDay({ day, weekday }: WallTime): boolean {
    const { days, weekdays, eitherDay } = this.#fields
    return eitherDay ? days.has(day) || weekdays.has(weekday) : days.has(day) && weekdays.has(weekday)
  }
}
