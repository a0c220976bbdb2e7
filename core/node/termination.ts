/** The end of containers: the preStop hook, SIGTERM, the grace, SIGKILL. One for each Pod. */
import type { Clock } from '../kernel/contract.js'
import type { LifecycleHandler } from '../kinds/contract.js'
import type { Runtime } from './contract.js'
import { runHandler, type Target } from './handlers.js'

export interface StopRequest {
  readonly containerId: string
  readonly graceSeconds: number
  readonly preStop: LifecycleHandler | undefined
  readonly target: Target
  /** Called once for each container: the stop begins. */
  begin(): void
  hookFailed(message: string): void
}

/** A hook that used up all of the grace still leaves the program this long. */
const leastAfterHookMs = 2_000

export class Termination {
  private readonly runtime: Runtime
  private readonly clock: Clock
  private readonly done: (containerId: string, error?: unknown) => void
  /** When each container that is being stopped will be killed. */
  private readonly deadlines = new Map<string, number>()

  /** `done` is called when a stop has ended, in a later turn. */
  constructor(runtime: Runtime, clock: Clock, done: (containerId: string, error?: unknown) => void) {
    this.runtime = runtime
    this.clock = clock
    this.done = done
  }

  get busy(): boolean {
    return this.deadlines.size > 0
  }

  /** May be called again and again: only a shorter grace makes a difference. */
  stop(request: StopRequest): void {
    const { containerId, graceSeconds } = request
    const deadline = this.clock.now() + graceSeconds * 1000
    const running = this.deadlines.get(containerId)
    if (running !== undefined && running <= deadline) return
    this.deadlines.set(containerId, deadline)
    const work = running === undefined ? this.run(request, deadline) : this.runtime.stopContainer(containerId, graceSeconds)
    work.then(
      () => this.finish(containerId),
      (error: unknown) => this.finish(containerId, error),
    )
  }

  private async run(request: StopRequest, deadline: number): Promise<void> {
    request.begin()
    let leftMs = request.graceSeconds * 1000
    if (request.preStop && leftMs > 0) {
      await this.hook(request, request.preStop, leftMs)
      // A shorter grace may have come meanwhile.
      const until = Math.min(deadline, this.deadlines.get(request.containerId) ?? deadline)
      leftMs = Math.max(leastAfterHookMs, until - this.clock.now())
    }
    await this.runtime.stopContainer(request.containerId, Math.ceil(leftMs / 1000))
  }

  private async hook(request: StopRequest, handler: LifecycleHandler, graceMs: number): Promise<void> {
    const over = new AbortController()
    const late = this.clock.sleep(graceMs, over.signal).catch(() => {})
    const outcome = await Promise.race([runHandler(handler, request.target, graceMs), late])
    over.abort()
    if (outcome && !outcome.ok) request.hookFailed(outcome.message)
  }

  private finish(containerId: string, error?: unknown): void {
    this.deadlines.delete(containerId)
    this.done(containerId, error)
  }
}
