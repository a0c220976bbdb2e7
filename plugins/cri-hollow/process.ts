import type { Clock, Timer } from '@davit/core/kernel'
import type { Container, ContainerConfig, Sandbox } from '@davit/core/node'
import { type Behaviour, behaviourOf } from './behaviour.js'

type Life = Pick<Container, 'state' | 'startedAt' | 'finishedAt' | 'exitCode' | 'reason' | 'message'>
export interface LogLine {
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** One simulated container: it starts, prints, runs for its time, and ends by itself, by a signal or never. */
export interface HollowProcess {
  readonly behaviour: Behaviour
  readonly sandbox: Sandbox
  readonly log: readonly LogLine[]
  container(): Container
  start(): void
  /** As SIGTERM, then SIGKILL after the grace. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
  kill(): void
  /** Whether commands, requests and connections succeed now. */
  healthy(): boolean
  /** Resolves when it has ended; at once where it has. */
  readonly ended: Promise<void>
}

export function createProcess(
  clock: Clock,
  id: string,
  sandbox: Sandbox,
  config: ContainerConfig,
  changed: (type: 'containerStarted' | 'containerExited') => void,
): HollowProcess {
  const behaviour = behaviourOf(config.name, config.annotations, sandbox.annotations)
  const createdAt = clock.now()
  const log: LogLine[] = []
  const timers = new Set<Timer>()
  let life: Life = { state: 'created', startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '' }
  let resolveEnded: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve
  })

  const after = (ms: number, run: () => void): void => void timers.add(clock.setTimer(ms, run))
  const end = (exitCode: number, reason: string): void => {
    if (life.state === 'exited') return
    for (const timer of timers) timer.cancel()
    timers.clear()
    life = { ...life, state: 'exited', finishedAt: clock.now(), exitCode, reason }
    resolveEnded()
    changed('containerExited')
  }
  const endByItself = (): void => {
    if (behaviour.oomKilled) end(137, 'OOMKilled')
    else end(behaviour.exitCode, behaviour.exitCode === 0 ? 'Completed' : 'Error')
  }
  const print = (stream: LogLine['stream'], lines: readonly string[]): void => {
    for (const text of lines) log.push({ at: clock.now(), stream, text })
  }

  return {
    behaviour,
    sandbox,
    log,
    ended,
    container: () => ({
      id,
      sandboxId: sandbox.id,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageId: imageId(config.image),
      createdAt,
      labels: config.labels,
      annotations: config.annotations,
      ...life,
    }),
    start() {
      life = { ...life, state: 'running', startedAt: clock.now() }
      print('stdout', behaviour.lines)
      print('stderr', behaviour.errorLines)
      changed('containerStarted')
      if (behaviour.runMs !== undefined && config.attempt < behaviour.crashTimes) after(behaviour.runMs, endByItself)
    },
    async stop(graceMs) {
      if (life.state === 'created') return
      const { stopMs, stopCode } = behaviour
      if (life.state === 'running') {
        const heeds = stopMs !== 'ignore' && stopMs <= graceMs
        const run = heeds ? () => end(stopCode, stopCode === 0 ? 'Completed' : 'Error') : () => end(137, 'Error')
        const wait = heeds ? stopMs : graceMs
        if (wait === 0) run()
        else after(wait, run)
      }
      await ended
    },
    kill() {
      if (life.state === 'running') end(137, 'Error')
    },
    healthy() {
      const age = clock.now() - life.startedAt
      return life.state === 'running' && age >= behaviour.healthyAfterMs && age < behaviour.unhealthyAfterMs
    },
  }
}

/** The same name is the same image on every node; no two names share one. */
export function imageId(name: string): string {
  let [high, low] = [0x811c9dc5, 0x01000193]
  for (let index = 0; index < name.length; index += 1) {
    high = Math.imul(high ^ name.charCodeAt(index), 0x01000193) >>> 0
    low = Math.imul(low + name.charCodeAt(index), 0x85ebca6b) >>> 0
  }
  return `hollow:${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`
}
