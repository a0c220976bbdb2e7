import type { LedWork } from '../client/contract.js'
import type { Bag } from '../kernel/contract.js'
import type { Controller } from './contract.js'
import { ControllerRunner, type RunnerServices } from './runner.js'

export interface ControllerSetOptions extends Omit<RunnerServices, 'actor'> {
  readonly controllers: Bag<Controller>
  /** Of Davit; the other half of each controller's `actor`. */
  readonly version: string
}

/** All contributed controllers for as long as this process leads: follows those that come and go. */
export class ControllerSet implements LedWork {
  readonly #options: ControllerSetOptions
  readonly #runners = new Map<Controller, ControllerRunner>()
  #unfollow: () => void = () => undefined
  #stopped: Promise<void> | undefined

  constructor(options: ControllerSetOptions) {
    this.#options = options
  }

  /** Of each controller's queue, by the controller's name. */
  get stats(): readonly ControllerRunner['stats'][] {
    return [...this.#runners.values()].map(({ stats }) => stats).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async start(): Promise<void> {
    const { controllers, log } = this.#options
    // Before the first ones are started, which takes its time.
    this.#unfollow = controllers.onChange(() => {
      this.#follow().catch((error: unknown) =>
        log.error({ error: String(error) }, 'a controller could not be started or stopped'),
      )
    })
    await this.#follow()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #stopAll(): Promise<void> {
    this.#unfollow()
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()))
    this.#runners.clear()
  }

  async #follow(): Promise<void> {
    const { controllers, version } = this.#options
    const present = new Map(controllers.entries().map(({ owner, value }) => [value, owner]))
    const gone = [...this.#runners].filter(([controller]) => !present.has(controller))
    for (const [controller] of gone) this.#runners.delete(controller)
    const come: ControllerRunner[] = []
    for (const [controller, owner] of present) {
      if (this.#runners.has(controller)) continue
      const runner = new ControllerRunner(controller, { ...this.#options, actor: `${owner}@${version}` })
      this.#runners.set(controller, runner)
      come.push(runner)
    }
    await Promise.all(gone.map(([, runner]) => runner.stop()))
    await Promise.all(come.map((runner) => runner.start()))
  }
}
