/** Remote APIServices: which there are, whether they are available, and where their requests go. */
import type { ApiDelegate, ApiDelegates, DelegateAddress, FrontProxy } from '@davit/core/api'
import type { Client, Informer } from '@davit/core/client'
import type { Clock, Logger, Random, Timer } from '@davit/core/kernel'
import { type APIService, equalJson, type KindRegistry } from '@davit/core/kinds'
import { locateBackend, pick, type Sources } from './backend.js'
import { type Availability, writeAvailability } from './conditions.js'
import type { AggregationConfig } from './config.js'
import { publishFrontProxy } from './front-proxy.js'
import { OpenApiV2Reader } from './openapi-v2.js'
import { type Probed, probe } from './probe.js'
import { readRemote } from './read.js'

export interface AggregatorParts {
  readonly config: AggregationConfig
  readonly kinds: KindRegistry
  readonly client: Client
  readonly informer: Informer<APIService>
  /** Called with the first remote APIService. */
  readonly sources: () => Sources
  readonly frontProxy: FrontProxy | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

interface Remote {
  readonly spec: APIService['spec']
  /** Made for the first delegate: what it knows outlasts the delegate. */
  openApiV2?: OpenApiV2Reader
  probed: Probed
}
const unknown: Availability = { available: false, reason: 'Unknown', message: 'not asked yet' }

/**
 * One loop looks at everything, woken by changes and, as long as there is something remote, by a timer: what a server answers
 * changes without an object of ours.
 */
export class Aggregator {
  readonly #parts: AggregatorParts
  readonly #remotes = new Map<string, Remote>()
  readonly #listeners = new Set<() => void>()
  #delegates: readonly ApiDelegate[] = []
  #sources: Sources | undefined
  #undo: (() => void)[] = []
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #again = false
  readonly delegates: ApiDelegates = {
    all: () => this.#delegates,
    onChange: (listener) => {
      this.#listeners.add(listener)
      return () => void this.#listeners.delete(listener)
    },
  }

  constructor(parts: AggregatorParts) {
    this.#parts = parts
  }

  /** Returns the undo. */
  follow(): () => void {
    const { informer, kinds } = this.#parts
    const changed = (service: APIService): void => {
      if (service.spec.service || this.#remotes.has(service.metadata.name)) this.#wake()
    }
    // A write of the status is our own, and no news.
    const updated = (now: APIService, old: APIService): void => {
      if (!equalJson(now.spec, old.spec)) changed(now.spec.service ? now : old)
    }
    this.#undo.push(
      informer.on({ added: changed, updated, deleted: changed }),
      kinds.onChange(() => {
        if (this.#remotes.size > 0) this.#wake()
      }),
    )
    return () => {
      this.#timer?.cancel()
      for (const undo of this.#undo) undo()
      this.#undo = []
    }
  }

  readonly #wake = (): void => {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    const { signal, log, clock, config } = this.#parts
    while (this.#again && !signal.aborted) {
      this.#again = false
      this.#timer?.cancel()
      try {
        await this.#look()
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error: (error as Error).message }, 'remote APIServices could not be looked at; they are again soon')
      }
    }
    if (signal.aborted || this.#remotes.size === 0) return
    this.#timer = clock.setTimer(config.probeSeconds * 1000, this.#wake, { unref: true })
  }

  async #look(): Promise<void> {
    const { informer, client, clock, frontProxy } = this.#parts
    const services = informer.list().filter((service) => this.#isRemote(service))
    const names = new Set(services.map(({ metadata }) => metadata.name))
    for (const name of [...this.#remotes.keys()]) if (!names.has(name)) this.#remotes.delete(name)
    if (services.length === 0 || frontProxy === undefined) return this.#publish()
    const sources = await this.#open()
    for (const service of services) this.#remember(service)
    // Requests are refused as such from the first moment, not taken for unknown paths.
    this.#publish()
    await publishFrontProxy(client, frontProxy)
    await Promise.all(services.map((service) => this.#probe(service, sources, frontProxy)))
    this.#publish()
    for (const service of services) {
      const { availability } = this.#remotes.get(service.metadata.name)?.probed ?? { availability: unknown }
      await writeAvailability(client, clock, informer.get('', service.metadata.name) ?? service, availability)
    }
  }

  /** What this server serves itself nobody else is asked for, whatever an APIService says. */
  #isRemote({ spec }: APIService): boolean {
    if (!spec.service || !spec.group || !spec.version) return false
    return !this.#parts.kinds.all().some((kind) => kind.group === spec.group && kind.version === spec.version)
  }

  async #open(): Promise<Sources> {
    if (this.#sources) return this.#sources
    const { signal } = this.#parts
    const sources = this.#parts.sources()
    await Promise.all([sources.services.whenSynced(signal), sources.slices.whenSynced(signal)])
    // Others' services change all the time, and are no news either.
    const about = (namespace: string | undefined, name: string | undefined): void => {
      const named = [...this.#remotes.values()].some(
        ({ spec }) => spec.service?.namespace === namespace && spec.service?.name === name,
      )
      if (named) this.#wake()
    }
    const service = ({ metadata }: { metadata: APIService['metadata'] }): void => about(metadata.namespace, metadata.name)
    const slice = ({ metadata }: { metadata: APIService['metadata'] }): void =>
      about(metadata.namespace, metadata.labels?.['kubernetes.io/service-name'])
    this.#undo.push(
      sources.services.on({ added: service, updated: service, deleted: service }),
      sources.slices.on({ added: slice, updated: slice, deleted: slice }),
    )
    this.#sources = sources
    return sources
  }

  #remember({ metadata, spec }: APIService): void {
    const known = this.#remotes.get(metadata.name)
    if (known && equalJson(known.spec, spec)) return
    this.#remotes.set(metadata.name, { spec, probed: { availability: unknown } })
  }

  async #probe(service: APIService, sources: Sources, frontProxy: FrontProxy): Promise<void> {
    const { clock, random, signal, config } = this.#parts
    const remote = this.#remotes.get(service.metadata.name)
    if (!remote) return
    const located = locateBackend(service, sources)
    const address = located.ok ? pick(located.addresses, random) : undefined
    const prober = { frontProxy, clock, signal, timeoutMs: config.probeTimeoutSeconds * 1000 }
    const { group = '', version = '' } = service.spec
    const answer = address
      ? await probe(prober, group, version, address)
      : { availability: located.ok ? unknown : located.availability }
    // What it served last is what discovery shows while it is away.
    remote.probed = answer.availability.available ? answer : { ...remote.probed, availability: answer.availability }
  }

  #publish(): void {
    const made = [...this.#remotes]
      .sort(([, a], [, b]) => byPriority(a.spec, b.spec))
      .map(([name, remote]) => this.#delegate(name, remote))
    if (equalJson(made.map(shown), this.#delegates.map(shown))) return
    this.#delegates = made
    for (const listener of [...this.#listeners]) listener()
  }

  #delegate(name: string, remote: Remote): ApiDelegate {
    const { spec, probed } = remote
    const { informer, random, frontProxy, clock, signal, config } = this.#parts
    const locate = (): DelegateAddress | undefined => {
      const service = informer.get('', name)
      const located = service && this.#sources ? locateBackend(service, this.#sources) : undefined
      return located?.ok ? pick(located.addresses, random) : undefined
    }
    const asker = frontProxy && { frontProxy, clock, signal, timeoutMs: config.probeTimeoutSeconds * 1000 }
    const { group = '', version = '' } = spec
    if (asker) remote.openApiV2 ??= new OpenApiV2Reader(asker, group, version, config.probeSeconds * 1000, locate)
    const { openApiV2 } = remote
    return {
      group,
      version,
      available: probed.availability.available,
      resources: probed.resources ?? [],
      ...(probed.openApi === undefined ? {} : { openApi: probed.openApi }),
      locate,
      ...(openApiV2 && { openApiV2: () => openApiV2.read() }),
      ...(asker && { read: (path, user, until) => readRemote(asker, locate(), path, user, until) }),
    }
  }
}

const shown = ({ locate: _locate, read: _read, openApiV2: _openApiV2, ...rest }: ApiDelegate): object => rest

/** The more important group first, and in it the more important version. */
function byPriority(a: APIService['spec'], b: APIService['spec']): number {
  const groups = b.groupPriorityMinimum - a.groupPriorityMinimum
  if (groups !== 0) return groups
  if (a.group !== b.group) return (a.group ?? '') < (b.group ?? '') ? -1 : 1
  return b.versionPriority - a.versionPriority || ((a.version ?? '') < (b.version ?? '') ? 1 : -1)
}
