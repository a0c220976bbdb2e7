/** Brings a set of plugins up, keeps it, and takes it down in exact reverse. */
import { TokenContainer } from './container.js'
import {
  type Bag,
  createSlot,
  type Kernel,
  type KernelServices,
  type PluginEntry,
  type PluginStatus,
  type Slot,
  stages,
  type Token,
} from './contract.js'
import { DavitError, messageOf } from './errors.js'
import { dependantsOf } from './graph.js'
import { Instance, type Surroundings } from './lifecycle.js'
import { makePlan, type Plan } from './plan.js'
import { isSkip } from './plugin.js'
import { reload } from './reload.js'
import { SharedPool } from './shared.js'
import { statusOf } from './status.js'

/** See `Kernel`. Rejects with the first cause, after it has undone everything. */
export async function bootKernel(entries: readonly PluginEntry[], services: KernelServices): Promise<Kernel> {
  const running = new RunningKernel(services, await makePlan(entries))
  await running.boot()
  return running
}

/** The kernel that runs; `reload.ts` drives it through the members that `Kernel` does not have. */
export class RunningKernel implements Kernel {
  readonly changed: Slot<[PluginStatus], void> = createSlot('kernel.plugin', 'sync')
  plan: Plan
  readonly shared = new SharedPool()
  private readonly services: KernelServices
  private readonly container: TokenContainer
  private readonly surroundings: Surroundings
  private readonly instances = new Map<string, Instance>()
  /** In the order in which each was set up, and started: what is taken down goes the exact reverse way. */
  private setUp: Instance[] = []
  private started: Instance[] = []
  private queue: Promise<unknown> = Promise.resolve()
  private stopping: Promise<void> | undefined

  constructor(services: KernelServices, plan: Plan) {
    this.services = services
    this.plan = plan
    this.container = new TokenContainer((token, error) => services.log.error({ token, err: error }, 'a bag listener failed'))
    this.surroundings = { services, container: this.container, shared: this.shared, changed: (instance) => this.tell(instance) }
  }

  get order(): readonly string[] {
    return this.plan.graph.order
  }

  status(): readonly PluginStatus[] {
    return this.order.flatMap((id) => {
      const instance = this.instances.get(id)
      return instance ? [statusOf(instance)] : []
    })
  }

  instance(id: string): Instance | undefined {
    return this.instances.get(id)
  }

  async boot(): Promise<void> {
    try {
      await this.bringUp(this.order, (id) => this.plan.entries.get(id)?.optional ?? false)
    } catch (error) {
      await this.takeDown(this.order)
      throw error
    }
  }

  reload(id: string, entry: PluginEntry): Promise<void> {
    return this.enqueue(() => reload(this, id, entry))
  }

  stop(): Promise<void> {
    this.stopping ??= this.queue.then(async () => {
      const errors = await this.takeDown(this.order)
      if (errors.length > 0) throw new AggregateError(errors, `stop: ${errors.map(messageOf).join('; ')}`)
    })
    return this.stopping
  }

  get<T>(token: Token<T, 'one'>): T {
    if (!this.container.has(token)) throw new DavitError('DAVIT_PLUGIN_MISSING', `no plugin provides ${token.id}`)
    return this.container.get(token) as T
  }

  bag<T>(token: Token<T, 'many'>): Bag<T> {
    return this.container.bag(token) as Bag<T>
  }

  /**
   * Sets up the plugins of `ids`, which stand in order, then starts them behind the barriers. A plugin for which
   * `mayFail` says so is marked as failed, and whatever stands on it is set up again without it.
   */
  async bringUp(ids: readonly string[], mayFail: (id: string) => boolean): Promise<void> {
    await this.setUpAll(ids, mayFail)
    for (let next = this.nextToStart(ids); next; next = this.nextToStart(ids)) {
      try {
        await next.start()
        this.started.push(next)
      } catch (error) {
        if (!mayFail(next.id)) throw failed(next, 'start', error)
        const dependants = dependantsOf(this.plan.graph, next.id)
        next.enter('failed', `start failed: ${messageOf(error)}`)
        await this.takeDown(dependants)
        await this.setUpAll(dependants.slice(1), mayFail)
      }
    }
    const begun = this.started.filter(({ id }) => ids.includes(id))
    this.services.clock.defer(() => {
      for (const instance of begun) instance.afterStart()
    })
  }

  /** Drains, then disposes, in exact reverse. Returns the errors; all of it is done in any case. */
  async takeDown(ids: readonly string[]): Promise<unknown[]> {
    const errors: unknown[] = []
    const isMeant = ({ id }: Instance): boolean => ids.includes(id)
    for (const instance of this.started.filter(isMeant).reverse()) errors.push(...(await instance.drain()))
    for (const instance of this.setUp.filter(isMeant).reverse()) errors.push(...(await instance.dispose()))
    this.started = this.started.filter((instance) => !isMeant(instance))
    this.setUp = this.setUp.filter((instance) => !isMeant(instance))
    return errors
  }

  private async setUpAll(ids: readonly string[], mayFail: (id: string) => boolean): Promise<void> {
    for (const id of ids) {
      const entry = this.plan.entries.get(id)
      if (entry) await this.setUpOne(new Instance(entry, this.surroundings), mayFail)
    }
  }

  private async setUpOne(instance: Instance, mayFail: (id: string) => boolean): Promise<void> {
    const { id } = instance
    this.instances.set(id, instance)
    const unfit = this.plan.unfit.get(id)
    if (unfit !== undefined) return instance.enter('failed', unfit)
    const lack = this.lackOf(instance)
    if (lack) {
      if (!instance.entry.optional) throw new DavitError('DAVIT_PLUGIN_MISSING', `plugin "${id}" ${lack.reason}`)
      return instance.enter(lack.state, lack.reason)
    }
    this.setUp.push(instance)
    try {
      await instance.setup(this.plan.configs.get(id))
    } catch (error) {
      if (isSkip(error)) instance.enter('skipped', error.message)
      else instance.enter('failed', `setup failed: ${messageOf(error)}`)
      await this.takeDown([id])
      if (!isSkip(error) && !mayFail(id)) throw failed(instance, 'setup', error)
    }
  }

  /** Why a plugin cannot run because of a provider that does not; the state of the provider becomes its own. */
  private lackOf({ entry }: Instance): { readonly state: 'skipped' | 'failed'; readonly reason: string } | undefined {
    for (const token of Object.values(entry.plugin.requires ?? {})) {
      if (token.cardinality === 'many' || this.container.has(token)) continue
      const provider = [...this.instances.values()].find(({ entry: other }) =>
        Object.values(other.plugin.provides ?? {}).some((provided) => provided.key === token.key),
      )
      const state = provider?.state === 'skipped' ? 'skipped' : 'failed'
      const why = provider ? `"${provider.id}" provides, and that is ${provider.state}: ${provider.reason}` : 'no plugin provides'
      return { state, reason: `requires ${token.id}, which ${why}` }
    }
    return undefined
  }

  private nextToStart(ids: readonly string[]): Instance | undefined {
    for (const stage of stages) {
      for (const id of ids) {
        const instance = this.instances.get(id)
        if (instance?.stage === stage && instance.state === 'ready') return instance
      }
    }
    return undefined
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    if (this.stopping) return Promise.reject(new DavitError('DAVIT_KERNEL_STOPPED', 'the kernel has been stopped'))
    const done = this.queue.then(work)
    this.queue = done.catch(() => {})
    return done
  }

  private tell(instance: Instance): void {
    const { log } = this.services
    if (instance.state === 'failed' || instance.state === 'skipped') {
      // Without a plugin that must not fail nothing comes up, and the error that says so says why.
      const goesOn = instance.entry.optional ? log.error : log.debug
      const write = instance.state === 'failed' ? goesOn : log.info
      write.call(log, { plugin: instance.id, reason: instance.reason }, `plugin is ${instance.state}`)
    }
    try {
      this.changed.call(statusOf(instance))
    } catch (error) {
      log.error({ err: error }, 'a listener of plugin states failed')
    }
  }
}

function failed(instance: Instance, step: string, cause: unknown): DavitError {
  // These name the plugin already.
  if (cause instanceof DavitError && (cause.code === 'DAVIT_DEADLINE' || cause.code === 'DAVIT_PLUGIN_INVALID')) return cause
  return new DavitError('DAVIT_PLUGIN_FAILED', `plugin "${instance.id}" failed in ${step}: ${messageOf(cause)}`, {
    details: { plugin: instance.id, step },
    cause,
  })
}
