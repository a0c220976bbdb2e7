/** Runs one controller: its informers wake its queue, its queue calls `reconcile` with the cause of the run. */
import { setMaxListeners } from 'node:events'
import type { Cause, Client, EventRecorder, Informer, ResourceRef, WhileLeading, WorkQueue } from '../client/contract.js'
import { createEventRecorder, createWorkQueue, isConflict } from '../client/contract.js'
import type { Clock, Ids, Logger, Random } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Controller, ControllerHost, ControllerWatch } from './contract.js'

export interface RunnerServices extends WhileLeading {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: Logger
  /** Plugin id and version of the contributor. */
  readonly actor: string
}

type Trigger = Cause['trigger']

/** How soon a write that met a newer version is tried again, in milliseconds: the informer is about to bring it. */
const conflictRetryMs = 10

export class ControllerRunner implements ControllerHost {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: Logger
  readonly client: Client
  readonly #controller: Controller
  readonly #services: RunnerServices
  readonly #queue: WorkQueue
  readonly #events: EventRecorder
  readonly #abort = new AbortController()
  readonly #undo: (() => void)[] = []
  /** Informers that the first reconcile waits for: those of the watches, and those that `start` asked for. */
  readonly #informers = new Set<Informer<KubeObject>>()
  /** What woke each waiting key last. */
  readonly #triggers = new Map<string, Trigger>()
  #stopped: Promise<void> | undefined

  constructor(controller: Controller, services: RunnerServices) {
    this.#controller = controller
    this.#services = services
    this.clock = services.clock
    this.random = services.random
    this.ids = services.ids
    this.log = services.log.child({ controller: controller.name })
    const component = `${controller.name}-controller`
    this.client = services.clients.as({
      name: `system:controller:${component}`,
      groups: ['system:controllers'],
      manager: component,
    })
    const { client, clock, random, log } = this
    this.#events = createEventRecorder({ client, turns: services.clients.eventTurns, clock, random, log, component })
    // One listener for each informer that it waits for, and a controller may follow every resource.
    setMaxListeners(0, this.#abort.signal)
    this.#queue = createWorkQueue({
      clock: this.clock,
      random: this.random,
      concurrency: controller.concurrency ?? 4,
      work: (key) => this.#work(key),
      failed: (key, error, failures) => this.#failed(key, error, failures),
    })
  }

  get stats(): { readonly name: string } & WorkQueue['stats'] {
    return { name: this.#controller.name, ...this.#queue.stats }
  }

  /** Resolves, without a reconcile, when it is stopped meanwhile. A failure stops it and rejects. */
  async start(): Promise<void> {
    const { signal } = this.#abort
    if (signal.aborted) return
    try {
      for (const watch of this.#controller.watches) this.#follow(watch)
      await this.#controller.start?.(this)
      await Promise.all([...this.#informers].map((informer) => this.#services.settled(informer, signal)))
      if (!signal.aborted) this.#queue.start()
    } catch (error) {
      if (signal.aborted) return
      await this.stop()
      throw error
    }
  }

  /** Idempotent. Resolves when the reconciles under way are done. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#abort.abort(new Error(`controller ${this.#controller.name} stops`))
    for (const undo of this.#undo.splice(0).reverse()) undo()
    await this.#queue.close()
    await this.#controller.stop?.()
    this.#events.close()
  }

  informer<T extends KubeObject>(resource: ResourceRef<T>): Informer<T> {
    const informer = this.#services.clients.informer(resource)
    this.#informers.add(informer as unknown as Informer<KubeObject>)
    return informer
  }

  enqueue(key: string, afterMs = 0): void {
    if (!this.#triggers.has(key)) this.#triggers.set(key, { timer: `${this.#controller.name} asked for ${key}` })
    if (afterMs > 0) this.#queue.addAfter(key, afterMs)
    else this.#queue.add(key)
  }

  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.record(object, type, reason, message)
  }

  #follow(watch: ControllerWatch): void {
    const informer = this.informer(watch.resource as ResourceRef)
    const wake = (object: KubeObject, event: { old?: KubeObject; deleted: boolean }) => {
      for (const key of watch.keys(object, event)) {
        const { namespace = '', name, resourceVersion = '' } = object.metadata
        this.#triggers.set(key, { object: { resource: watch.resource.resource, namespace, name, resourceVersion } })
        this.#queue.add(key)
      }
    }
    const remove = informer.on({
      added: (object) => wake(object, { deleted: false }),
      updated: (object, old) => wake(object, { old, deleted: false }),
      deleted: (object) => wake(object, { deleted: true }),
    })
    this.#undo.push(remove)
  }

  async #work(key: string): Promise<number | undefined> {
    const trigger = this.#triggers.get(key) ?? { timer: `${this.#controller.name} tries ${key} again` }
    this.#triggers.delete(key)
    const cause: Cause = { actor: this.#services.actor, trigger }
    const result = await this.#controller.reconcile(key, this.#context(cause))
    return result?.requeueAfterMs
  }

  #context(cause: Cause) {
    return {
      client: this.client,
      clock: this.clock,
      random: this.random,
      ids: this.ids,
      log: this.log,
      cause,
      signal: this.#abort.signal,
      informer: <T extends KubeObject>(resource: ResourceRef<T>) => this.informer(resource),
      enqueue: (key: string, afterMs?: number) => this.enqueue(key, afterMs),
      event: (object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) =>
        this.event(object, type, reason, message),
    }
  }

  #failed(key: string, error: unknown, failures: number): number | undefined {
    if (isConflict(error)) return conflictRetryMs
    if (this.#abort.signal.aborted) return undefined
    this.log.warn(
      { key, failures, error: error instanceof Error ? error.message : String(error) },
      'a reconcile failed and is tried again',
    )
    return undefined
  }
}
