/** An APIService for each group version that this server serves itself, so that clients see all of them in one place. */
import { apiServices, type Client, type Informer, isConflict, isExists, isNotFound } from '@davit/core/client'
import type { Clock, Logger } from '@davit/core/kernel'
import { type APIService, equalJson, type KindRegistry } from '@davit/core/kinds'
import { localAvailability, writeAvailability } from './conditions.js'
import { builtinPriority, customPriority } from './priorities.js'

const managed = 'kube-aggregator.kubernetes.io/automanaged'
/** Serves the APIServices, and needs none itself. */
const own = 'apiregistration.k8s.io'

export interface LocalParts {
  readonly kinds: KindRegistry
  readonly client: Client
  readonly informer: Informer<APIService>
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

export class LocalServices {
  readonly #parts: LocalParts
  #running: Promise<void> | undefined
  #again = false

  constructor(parts: LocalParts) {
    this.#parts = parts
  }

  /** Behind the start, which has not to wait for it. Returns the undo. */
  follow(): () => void {
    const { kinds, informer } = this.#parts
    const wake = (): void => this.#wake()
    const undo = [kinds.onChange(wake), informer.on({ added: wake, updated: wake, deleted: wake })]
    wake()
    return () => {
      for (const remove of undo) remove()
    }
  }

  #wake(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    const { informer, signal, log, clock } = this.#parts
    while (this.#again && !signal.aborted) {
      this.#again = false
      try {
        if (!informer.synced) await informer.whenSynced(signal)
        // Changes come in bursts: all that a turn brings is looked at once.
        await new Promise<void>((resolve) => clock.defer(resolve))
        await this.#reconcile()
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error: (error as Error).message }, 'the APIServices of local group versions could not be written')
        await clock.sleep(1000, signal).catch(() => {})
        this.#again = true
      }
    }
  }

  /** One that cannot be written keeps no other from it. */
  async #reconcile(): Promise<void> {
    const { kinds, client, informer, signal } = this.#parts
    const wanted = localServices(kinds)
    const failures: unknown[] = []
    for (const service of wanted.values()) {
      if (signal.aborted) return
      await this.#settle(service).catch((error: unknown) => failures.push(error))
    }
    for (const { metadata } of informer.list()) {
      if (wanted.has(metadata.name) || metadata.labels?.[managed] === undefined) continue
      await client.delete(apiServices, '', metadata.name).catch(ignoreRace)
    }
    if (failures.length > 0) throw failures[0]
  }

  async #settle(service: APIService): Promise<void> {
    const { client, informer, clock } = this.#parts
    const found = informer.get('', service.metadata.name) ?? (await this.#create(service))
    if (!found) return
    const restored = restore(found, service)
    const current = restored ? await client.update(apiServices, restored).catch(ignoreRace) : found
    if (current && current.spec.service === undefined) await writeAvailability(client, clock, current, localAvailability)
  }

  async #create(service: APIService): Promise<APIService | undefined> {
    return this.#parts.client.create(apiServices, service).catch(ignoreRace)
  }
}

/** What was faster wakes us again. */
function ignoreRace(error: unknown): undefined {
  if (!isConflict(error) && !isExists(error) && !isNotFound(error)) throw error
  return undefined
}

/** What somebody made of it, with what is not his to change; undefined where that is all right. */
function restore(found: APIService, wanted: APIService): APIService | undefined {
  if (found.metadata.labels?.[managed] === undefined || equalJson(found.spec, wanted.spec)) return undefined
  return { ...found, spec: wanted.spec }
}

/** By name. The `v1` of the core group is "v1.". */
function localServices(kinds: KindRegistry): Map<string, APIService> {
  const services = new Map<string, APIService>()
  for (const { group, version } of kinds.all()) {
    const name = `${version}.${group}`
    if (group === own || services.has(name)) continue
    const builtin = builtinPriority(group, version)
    services.set(name, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [managed]: builtin ? 'onstart' : 'true' } },
      spec: { ...(group === '' ? {} : { group }), version, ...(builtin ?? customPriority) },
    })
  }
  return services
}
