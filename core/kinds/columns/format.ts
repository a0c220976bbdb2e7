/** How cells are written: ages, selectors, lists. The forms are those of `kubectl get`. */
import type { KubeObject, TableCell, TableColumn, TablePrinter } from '../contract.js'
import { selectorFromObject } from '../selector.js'
import type { Container, LabelSelector } from '../types.js'

export const NONE = '<none>'
export const UNSET = '<unset>'
export const UNKNOWN = '<unknown>'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24

/** A length of time in the two largest units that still say something: `90s`, `5m10s`, `3h2m`, `2d5h`, `1y30d`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(milliseconds / MINUTE)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(milliseconds / HOUR)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(hours / DAY)
  if (hours < DAY * 8) return pair(days, 'd', hours % DAY, 'h')
  if (hours < DAY * 365 * 2) return `${days}d`
  const years = Math.trunc(days / 365)
  return hours < DAY * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}

export function since(time: string | undefined, now: number): string {
  const at = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(at) ? UNKNOWN : humanDuration(now - at)
}

export function age(object: KubeObject, now: number): string {
  return since(object.metadata.creationTimestamp, now)
}

/** The first items, then how many more there are. */
export function some(items: readonly string[], limit = 3): string {
  const shown = items.slice(0, limit).join(',')
  return items.length > limit ? `${shown} + ${items.length - limit} more...` : shown
}

export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? NONE : pairs.sort().join(',')
}

export function formatSelector(selector: LabelSelector | undefined): string {
  const { value } = selectorFromObject(selector)
  return value === undefined ? '<error>' : value.text || NONE
}

export function containerNames(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.name).join(',')
}

export function containerImages(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.image ?? '').join(',')
}

/** As Go prints a boolean that may be absent. */
export function formatBoolean(value: boolean | undefined): string {
  return value === undefined ? UNSET : value ? 'True' : 'False'
}

const TYPES: Readonly<Record<string, TableColumn['type']>> = { '#': 'integer', '?': 'boolean' }

/**
 * A printer from a line: `Name,Desired#,Age,[Images]`. `#` marks whole numbers, `?` booleans, brackets what only wide
 * output shows.
 */
export function printer<T>(line: string, row: (object: T, now: number) => TableCell[]): TablePrinter {
  let wide = false
  const columns = line.split(',').map((mark): TableColumn => {
    wide ||= mark.startsWith('[')
    const priority = wide ? 1 : 0
    if (mark.endsWith(']')) wide = false
    const text = mark.replace(/[[\]]/g, '')
    const name = text.replace(/[#?]$/, '')
    const type = TYPES[text.slice(-1)] ?? 'string'
    return { name, type, format: name === 'Name' ? 'name' : '', description: describe(name), priority }
  })
  return { columns, row: row as unknown as TablePrinter['row'] }
}

function describe(name: string): string {
  if (name === 'Name') return 'Name must be unique within a namespace, or within the cluster for kinds without one.'
  if (name === 'Age' || name === 'Created At') return 'When the server made the object.'
  return `${name} of the object.`
}
