/** One life of one plugin: set-up, start, drain, dispose, each with a deadline, and the undo of what it acquired. */
import type { Binding, TokenContainer } from './container.js'
import type { KernelServices, PluginContext, PluginEntry, PluginLife, PluginState, Stage, TapInfo, Token } from './contract.js'
import { within } from './deadline.js'
import { DavitError } from './errors.js'
import { coreVersion } from './plugin.js'
import type { SharedPool } from './shared.js'

type Step = 'setup' | 'start' | 'afterStart' | 'drain' | 'dispose'
type Undo = () => void | Promise<void>

/** What an instance needs of the kernel that runs it. */
export interface Surroundings {
  readonly services: KernelServices
  readonly container: TokenContainer
  readonly shared: SharedPool
  /** Called after each change of state. */
  changed(instance: Instance): void
}

const defaultDeadlineMs = 30_000

/** The id under which an entry runs. */
export function instanceId(entry: PluginEntry): string {
  return entry.name === undefined ? entry.plugin.id : `${entry.plugin.id}:${entry.name}`
}

export class Instance {
  readonly id: string
  readonly entry: PluginEntry
  readonly stage: Stage
  readonly version: string
  /** The slots that it has tapped, for status. */
  readonly tapped = new Set<{ readonly name: string; readonly taps: readonly TapInfo[] }>()
  state: PluginState = 'described'
  reason = ''
  setupMs = 0
  startMs = 0
  private readonly surroundings: Surroundings
  private readonly abort = new AbortController()
  private readonly undos: Undo[] = []
  private life: PluginLife = {}
  private disposed = false

  constructor(entry: PluginEntry, surroundings: Surroundings) {
    this.id = instanceId(entry)
    this.entry = entry
    this.stage = entry.plugin.stage ?? 'control'
    this.version = entry.plugin.version ?? coreVersion
    this.surroundings = surroundings
  }

  enter(state: PluginState, reason = ''): void {
    this.state = state
    this.reason = reason
    this.surroundings.changed(this)
  }

  /** Sets the plugin up and binds what it provides. The caller disposes of it when this throws. */
  async setup(config: unknown): Promise<void> {
    this.enter('setting-up')
    const { clock } = this.surroundings.services
    const began = clock.monotonic()
    const context = this.context(config)
    const received = this.received()
    const life = await this.limited('setup', () => this.entry.plugin.setup(context as never, received as never))
    const bindings = this.bindings(life)
    this.life = life ?? {}
    this.surroundings.container.load(this.id, bindings)
    this.setupMs = clock.monotonic() - began
    this.enter('ready')
  }

  async start(): Promise<void> {
    this.enter('starting')
    const { clock } = this.surroundings.services
    const began = clock.monotonic()
    if (this.life.start) await this.limited('start', () => this.life.start?.())
    this.startMs = clock.monotonic() - began
    this.enter('running')
  }

  /** Begins what nobody waits for, where the plugin still runs. */
  afterStart(): void {
    const { life } = this
    if (this.state !== 'running' || !life.afterStart) return
    const work = (async () => life.afterStart?.())().catch((error: unknown) => {
      if (!this.abort.signal.aborted) this.logged('afterStart', error)
    })
    this.defer(() => work)
  }

  /** Finishes what is in flight, where the plugin has started. An error is returned, for the rest must go on. */
  async drain(): Promise<unknown[]> {
    if (this.state !== 'running') return []
    this.enter('draining')
    if (!this.life.drain) return []
    try {
      await this.limited('drain', () => this.life.drain?.())
      return []
    } catch (error) {
      return [this.logged('drain', error)]
    }
  }

  /** Unbinds, aborts the signal and runs the undos, last-in first-out. Returns the errors. Idempotent. */
  async dispose(): Promise<unknown[]> {
    if (this.disposed) return []
    this.disposed = true
    this.surroundings.container.unload(this.id)
    this.abort.abort(new Error(`plugin "${this.id}" is being stopped`))
    const errors: unknown[] = []
    for (let undo = this.undos.pop(); undo; undo = this.undos.pop()) {
      try {
        await this.limited('dispose', undo)
      } catch (error) {
        errors.push(this.logged('dispose', error))
      }
    }
    if (this.state !== 'skipped' && this.state !== 'failed') this.enter('stopped')
    return errors
  }

  private context(config: unknown): PluginContext<unknown> {
    const { services, shared } = this.surroundings
    return {
      id: this.id,
      version: this.version,
      config: config as Readonly<unknown>,
      log: services.log.child({ plugin: this.id }),
      clock: services.clock,
      random: services.random,
      ids: services.ids,
      signal: this.abort.signal,
      tap: (slot, handler, options) => {
        this.tapped.add(slot)
        this.defer(slot.tap(this.id, handler, options))
      },
      defer: (undo) => this.defer(undo),
      shared: async (key, make) => {
        const { value, release } = await shared.acquire(key, make)
        this.defer(release)
        return value
      },
    }
  }

  private defer(undo: Undo): void {
    if (!this.disposed) {
      this.undos.push(undo)
      return
    }
    // Set-up missed its deadline and went on: what it acquires now has nobody else to release it.
    void Promise.resolve()
      .then(undo)
      .catch((error) => this.logged('dispose', error))
  }

  private received(): Record<string, unknown> {
    const { container } = this.surroundings
    const { requires = {}, optional = {} } = this.entry.plugin
    const resolve = ([name, token]: [string, Token<unknown>]): [string, unknown] => {
      if (token.cardinality === 'many') return [name, container.bag(token)]
      return [name, container.has(token) ? container.get(token) : undefined]
    }
    return Object.fromEntries([...Object.entries(optional), ...Object.entries(requires)].map(resolve))
  }

  private bindings(life: (PluginLife & { provides?: unknown }) | undefined): Binding[] {
    const declared = this.entry.plugin.provides ?? {}
    const given = (life?.provides ?? {}) as Record<string, unknown>
    const surplus = Object.keys(given).find((name) => !(name in declared))
    if (surplus !== undefined) throw this.broken(`its setup gives "${surplus}", which it does not declare`)
    return Object.entries(declared).map(([name, token]) => {
      const value = given[name]
      if (value === undefined || value === null) throw this.broken(`its setup does not give "${name}" (${token.id})`)
      return { token, value: token.cardinality === 'many' && !Array.isArray(value) ? [value] : value }
    })
  }

  private broken(what: string): DavitError {
    return new DavitError('DAVIT_PLUGIN_INVALID', `plugin "${this.id}": ${what}`, { details: { plugin: this.id } })
  }

  private limited<T>(step: Step, work: () => T | Promise<T>): Promise<T> {
    const ms = this.entry.plugin.deadlineMs ?? defaultDeadlineMs
    const late = (): DavitError =>
      new DavitError('DAVIT_DEADLINE', `plugin "${this.id}" did not finish ${step} within ${ms} ms`, {
        details: { plugin: this.id, step },
      })
    return within(this.surroundings.services.clock, ms, work, late)
  }

  private logged(step: Step, error: unknown): unknown {
    this.surroundings.services.log.error({ plugin: this.id, err: error }, `${step} failed`)
    return error
  }
}
