import { createVirtualClock, type VirtualClock } from '../kernel/clock-virtual.js'
import type { KernelServices, Logger } from '../kernel/contract.js'
import { createSeededIds } from '../kernel/ids.js'
import { createSeededRandom } from '../kernel/random.js'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

export interface TestServices extends KernelServices {
  readonly clock: VirtualClock
  /** Everything that was logged, for tests that look. */
  readonly lines: readonly LogLine[]
}

/** Services that repeat themselves exactly: a clock that stands still, randomness and ids from `seed`, a log in memory. */
export function createTestServices(seed: string | number = 1): TestServices {
  const lines: LogLine[] = []
  const random = createSeededRandom(seed)
  return { clock: createVirtualClock(), random, ids: createSeededIds(random), log: memoryLogger(lines, {}), lines }
}

function memoryLogger(lines: LogLine[], bound: object): Logger {
  const write = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...bound, ...fields }, message })
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => memoryLogger(lines, { ...bound, ...fields }),
  }
}
