/** What is done about a definition: its names, its conditions, its kinds, and its end. */
import { createWorkQueue, isConflict, isNotFound, type WorkQueue } from '@davit/core/client'
import type { Clock, Logger, Random } from '@davit/core/kernel'
import { equalJson, type KindRegistry } from '@davit/core/kinds'
import { removeInstances } from './cleanup.js'
import { cleanupFinalizer, type Definition, isGoing, isHeld, withConditions } from './definition.js'
import type { Definitions } from './definitions.js'
import { judgeNames } from './names.js'
import type { Serving } from './serving.js'
import type { System } from './system.js'

export interface ControllerOptions {
  readonly definitions: Definitions
  readonly serving: Serving
  readonly system: System
  readonly kinds: KindRegistry
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Objects that are held by finalizers are looked at again after so long, ever longer. */
const waits = { firstMs: 100, mostMs: 5000 }

const terminating = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
} as const

export class DefinitionController {
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #waits = new Map<string, number>()

  constructor(options: ControllerOptions) {
    this.#options = options
    const { clock, random, log } = options
    this.#queue = createWorkQueue({
      ...{ clock, random, baseMs: 50, maximumMs: 30_000 },
      // One at a time: of two that want one name, one must come first.
      concurrency: 1,
      work: (name) => this.#work(name),
      failed(name, error) {
        log.warn({ definition: name, error }, 'a definition could not be worked on; tried again')
        return undefined
      },
    })
  }

  enqueue(name: string): void {
    this.#queue.add(name)
  }
  start(): void {
    this.#queue.start()
  }
  close(): Promise<void> {
    return this.#queue.close()
  }

  async #work(name: string): Promise<number | undefined> {
    const { definitions, serving } = this.#options
    const definition = definitions.get(name)
    if (!definition) {
      serving.remove(name)
      this.#waits.delete(name)
      this.#enqueueGroup(name.slice(name.indexOf('.') + 1), name)
      return undefined
    }
    try {
      return isGoing(definition) ? await this.#end(definition) : await this.#establish(definition)
    } catch (error) {
      // Changed or gone meanwhile: the watch tells, and it is worked on again.
      if (isConflict(error) || isNotFound(error)) return undefined
      throw error
    }
  }

  #enqueueGroup(group: string, except: string): void {
    for (const { metadata, spec } of this.#options.definitions.all()) {
      if (spec.group === group && metadata.name !== except) this.enqueue(metadata.name)
    }
  }

  /** Kinds are served before the status says so: who waits for the condition finds them there. */
  async #establish(definition: Definition): Promise<undefined> {
    const { definitions, serving, clock } = this.#options
    const { name } = definition.metadata
    const others = definitions.all().filter(({ metadata }) => metadata.name !== name)
    const { acceptedNames, conditions } = judgeNames(definition, others)
    const status = {
      ...definition.status,
      acceptedNames,
      conditions: [...withConditions(definition, conditions, clock.now())],
    }
    const judged: Definition = { ...definition, status }
    await serving.serve(judged)
    if (equalJson(status, definition.status)) return undefined
    const released = !equalJson(acceptedNames, definition.status?.acceptedNames)
    definitions.learn(await this.#options.system.update(judged, 'status'))
    if (released) this.#enqueueGroup(definition.spec.group, name)
    return undefined
  }

  async #end(definition: Definition): Promise<number | undefined> {
    const { definitions, serving, system, kinds, clock } = this.#options
    await serving.serve(definition)
    if (!isHeld(definition)) return undefined
    const { name } = definition.metadata
    let current = definition
    const conditions = [...withConditions(definition, [terminating], clock.now())]
    if (!equalJson(conditions, definition.status?.conditions)) {
      current = await system.update({ ...definition, status: { ...definition.status, conditions } }, 'status')
      definitions.learn(current)
    }
    if (!(await removeInstances(system, kinds, current))) return this.#nextWait(name)
    const { finalizers = [], ...metadata } = current.metadata
    await system.update({
      ...current,
      metadata: { ...metadata, finalizers: finalizers.filter((one) => one !== cleanupFinalizer) },
    })
    return undefined
  }

  #nextWait(name: string): number {
    const wait = this.#waits.get(name) ?? waits.firstMs
    this.#waits.set(name, Math.min(wait * 2, waits.mostMs))
    return wait
  }
}
