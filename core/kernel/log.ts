import type { Logger as PinoLogger } from 'pino'
import type { Clock, Logger } from './contract.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  /** Lines below it are dropped. Default `info`. */
  readonly level?: LogLevel
  /** `human`: one coloured line for a person at a terminal. `json`: one object for each line, by pino. */
  readonly format: 'human' | 'json'
  /** Gets each line with its line break. Default: standard error. */
  readonly write?: (line: string) => void
  readonly clock: Clock
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Asynchronous because pino is imported only where its format is wanted: a terminal starts without it. */
export async function createLogger(options: LogOptions): Promise<Logger> {
  const level = options.level ?? 'info'
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  if (options.format === 'human') return humanLogger(levels.indexOf(level), write, options.clock, {})
  const { pino } = await import('pino')
  return jsonLogger(pino({ level, base: null, timestamp: () => `,"time":${options.clock.now()}` }, { write }))
}

function jsonLogger(pino: PinoLogger): Logger {
  return {
    debug: (fields, message) => pino.debug(fields, message),
    info: (fields, message) => pino.info(fields, message),
    warn: (fields, message) => pino.warn(fields, message),
    error: (fields, message) => pino.error(fields, message),
    child: (fields) => jsonLogger(pino.child(fields)),
  }
}

/** Drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}

function humanLogger(lowest: number, write: (line: string) => void, clock: Clock, bound: object): Logger {
  const line = (level: LogLevel) => {
    if (levels.indexOf(level) < lowest) return () => {}
    return (fields: object, message: string) => write(humanLine(clock.now(), level, message, { ...bound, ...fields }))
  }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => humanLogger(lowest, write, clock, { ...bound, ...fields }),
  }
}

const colours: Record<LogLevel, string> = { debug: '\x1b[2m', info: '\x1b[32m', warn: '\x1b[33m', error: '\x1b[31m' }
const dim = '\x1b[2m'
const plain = '\x1b[0m'

function humanLine(now: number, level: LogLevel, message: string, fields: object): string {
  const time = new Date(now).toISOString().slice(11, 23)
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${dim}${key}=${plain}${humanValue(value)}`)
  return [`${dim}${time}${plain} ${colours[level]}${level.padEnd(5)}${plain} ${message}`, ...rest].join('  ').concat('\n')
}

function humanValue(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? String(value)
}
