/** What the annotations of a Pod say about how its containers behave. */

/** All settings, absent where nobody said anything. Times in milliseconds. */
export interface Behaviour {
  readonly startMs?: number
  /** Absent: runs for ever, unless there is an exit code. */
  readonly runMs?: number
  readonly exitCode: number
  /** Only the first so many attempts end by themselves; those after run for ever. */
  readonly crashTimes: number
  readonly oomKilled: boolean
  readonly createError?: string
  readonly startError?: string
  readonly lines: readonly string[]
  readonly errorLines: readonly string[]
  /** 'ignore': only SIGKILL ends it. */
  readonly stopMs: number | 'ignore'
  readonly stopCode: number
  /** Commands, requests and connections fail before this time of its life, and from that time on. */
  readonly healthyAfterMs: number
  readonly unhealthyAfterMs: number
  readonly cpuMillis: number
  readonly memoryBytes: number
}

const prefix = 'hollow.davit.dev/'
type Annotations = Readonly<Record<string, string>>

/** `hollow.davit.dev/main.exit-code` counts for the container "main" and beats `hollow.davit.dev/exit-code`. */
export function behaviourOf(container: string, ...sources: readonly Annotations[]): Behaviour {
  const text = (name: string): string | undefined => {
    for (const key of [`${prefix}${container}.${name}`, `${prefix}${name}`]) {
      for (const source of sources) if (source[key] !== undefined) return source[key]
    }
    return undefined
  }
  const number = (name: string): number | undefined => numberIn(text(name))
  const exitCode = number('exit-code')
  const runMs = number('run-ms') ?? (exitCode === undefined ? undefined : 0)
  const optional = { startMs: number('start-ms'), runMs, createError: text('create-error'), startError: text('start-error') }
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Behaviour>),
    exitCode: exitCode ?? 0,
    crashTimes: number('crash-times') ?? Number.POSITIVE_INFINITY,
    oomKilled: text('oom-killed') === 'true',
    lines: linesOf(text('log')),
    errorLines: linesOf(text('error-log')),
    stopMs: text('stop-ms') === 'ignore' ? 'ignore' : (number('stop-ms') ?? 0),
    stopCode: number('stop-code') ?? 143,
    healthyAfterMs: number('healthy-after-ms') ?? 0,
    unhealthyAfterMs: number('unhealthy-after-ms') ?? Number.POSITIVE_INFINITY,
    cpuMillis: number('cpu-millis') ?? 0,
    memoryBytes: number('memory-bytes') ?? 0,
  }
}

/** A mistyped number counts as not given: the Pod runs, as it would without the annotation. */
function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

function linesOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split('\n')
}
