/** Clocks on the wall of a time zone; pure. */

/** A moment as the wall shows it; `month` from 1, Sunday is 0. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly weekday: number
}

const dayMs = 86_400_000

export class Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat | undefined

  /** Throws where nobody knows a zone of this name. */
  constructor(name: string) {
    this.name = name
    const options = { timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' } as const
    const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
    this.#format = name === 'UTC' ? undefined : new Intl.DateTimeFormat('en-US', { ...options, ...clock })
  }

  wall(moment: number): WallTime {
    const date = new Date(moment + this.offsetMs(moment))
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      weekday: date.getUTCDay(),
    }
  }

  /** The first moment at which the wall shows this day, or what comes after where the clock leaps over its beginning. */
  dayBegins(year: number, month: number, day: number): number {
    const shown = Date.UTC(year, month - 1, day)
    const offsets = [this.offsetMs(shown - dayMs), this.offsetMs(shown + dayMs)]
    const moments = offsets.map((offset) => shown - offset).filter((moment) => moment + this.offsetMs(moment) >= shown)
    return Math.min(...moments)
  }

  /** How far the wall is ahead of UTC. */
  offsetMs(moment: number): number {
    if (!this.#format) return 0
    const parts = new Map(this.#format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
    const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    return shown - Math.floor(moment / 1000) * 1000
  }

  /** RFC 3339 with the offset of the zone. */
  timestamp(moment: number): string {
    const offset = Math.round(this.offsetMs(moment) / 60_000)
    const text = new Date(moment + offset * 60_000).toISOString().slice(0, 19)
    if (offset === 0) return `${text}Z`
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
    return `${text}${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`
  }
}
