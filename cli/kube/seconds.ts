import { CliError } from '../output/cli-error.js'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** A span of time as a person writes it: 30s, 5m, 1h30m. At least a second, the least that a log can be asked for. */
export function secondsOf(text: string): number {
  if (!/^(\d+[smh])+$/.test(text)) {
    throw new CliError(`"${text}" is not a span of time`, { hint: 'write it with its unit: 30s, 5m, 2h, 1h30m' })
  }
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+)([smh])/g)) total += Number(number) * (units[unit ?? ''] ?? 0)
  return Math.max(1, total)
}
