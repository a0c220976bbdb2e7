/** The probes of one Pod's containers: one prober for each probe of each running container. */
import type { Clock, Timer } from '../kernel/contract.js'
import type { Probe } from '../kinds/contract.js'
import { type Outcome, runHandler, type Target } from './handlers.js'

export type ProbeKind = 'startup' | 'readiness' | 'liveness'

/** What probers report; each only on a change, but `failed` on every failure, for events. */
export interface ProbeListener {
  started(container: string): void
  ready(container: string, ready: boolean): void
  /** The failure threshold of a startup or liveness probe is reached: the container has to end. */
  unhealthy(container: string, containerId: string, kind: ProbeKind, probe: Probe): void
  failed(container: string, kind: ProbeKind, message: string): void
}

/** A running container with what is known of it. */
export interface Probed {
  readonly target: Target
  readonly startedAt: number
  readonly started: boolean
  /** What was true before the agent came: kept until a probe says otherwise. */
  readonly ready: boolean
}

export class Probes {
  private readonly clock: Clock
  private readonly listener: ProbeListener
  private readonly probers = new Map<string, Prober>()

  constructor(clock: Clock, listener: ProbeListener) {
    this.clock = clock
    this.listener = listener
  }

  /** Starts and stops probers so that they are those of `running`. While a Pod ends, only readiness goes on. */
  sync(running: readonly Probed[], ending: boolean): void {
    const wanted = new Set<string>()
    for (const probed of running) {
      for (const [kind, probe] of probesOf(probed, ending)) {
        const key = `${probed.target.containerId}/${kind}`
        wanted.add(key)
        if (!this.probers.has(key)) this.probers.set(key, new Prober(this.clock, this.listener, probed, kind, probe))
      }
    }
    for (const [key, prober] of this.probers) {
      if (wanted.has(key)) continue
      prober.stop()
      this.probers.delete(key)
    }
  }

  stop(): void {
    this.sync([], true)
  }
}

/** The startup probe holds the other two back. */
function probesOf({ target, started }: Probed, ending: boolean): [ProbeKind, Probe][] {
  const { startupProbe, livenessProbe, readinessProbe } = target.container
  const found: [ProbeKind, Probe | undefined][] = []
  if (startupProbe && !started) found.push(['startup', ending ? undefined : startupProbe])
  else found.push(['readiness', readinessProbe], ['liveness', ending ? undefined : livenessProbe])
  return found.filter((entry): entry is [ProbeKind, Probe] => entry[1] !== undefined)
}

class Prober {
  private readonly clock: Clock
  private readonly listener: ProbeListener
  private readonly target: Target
  private readonly kind: ProbeKind
  private readonly probe: Probe
  private timer: Timer | undefined
  private stopped = false
  private passes = 0
  private failures = 0
  private ready: boolean

  constructor(clock: Clock, listener: ProbeListener, probed: Probed, kind: ProbeKind, probe: Probe) {
    this.clock = clock
    this.listener = listener
    this.target = probed.target
    this.kind = kind
    this.probe = probe
    this.ready = probed.ready
    const age = clock.now() - probed.startedAt
    this.arm(Math.max(0, (probe.initialDelaySeconds ?? 0) * 1000 - age))
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private arm(ms: number): void {
    this.timer = this.clock.setTimer(ms, () => void this.run())
  }

  private async run(): Promise<void> {
    const outcome = await runHandler(this.probe, this.target, (this.probe.timeoutSeconds ?? 1) * 1000)
    if (this.stopped) return
    this.take(outcome)
    if (!this.stopped) this.arm((this.probe.periodSeconds ?? 10) * 1000)
  }

  private take(outcome: Outcome): void {
    const { name } = this.target.container
    this.passes = outcome.ok ? this.passes + 1 : 0
    this.failures = outcome.ok ? 0 : this.failures + 1
    if (!outcome.ok) this.listener.failed(name, this.kind, outcome.message)
    if (this.passes === (this.probe.successThreshold ?? 1)) this.passed(name)
    if (this.failures >= (this.probe.failureThreshold ?? 3)) this.failedForGood(name)
  }

  private passed(name: string): void {
    if (this.kind === 'startup') this.listener.started(name)
    if (this.kind === 'readiness' && !this.ready) {
      this.ready = true
      this.listener.ready(name, true)
    }
  }

  private failedForGood(name: string): void {
    if (this.kind !== 'readiness') {
      this.stop()
      this.listener.unhealthy(name, this.target.containerId, this.kind, this.probe)
    } else if (this.ready) {
      this.ready = false
      this.listener.ready(name, false)
    }
  }
}
