/**
 * The kernel: the plugin host. It knows tokens, slots, plugins, their graph and their life; it knows no store, no API
 * and no Kubernetes. This file is all that a plugin may import of it.
 *
 * Everything here is safe to import from anywhere: importing it has no side effect.
 */
import type { Static, TSchema } from '@sinclair/typebox'

export { Type } from '@sinclair/typebox'
export { DavitError, type ErrorCode, errorTable } from './errors.js'
export { coreVersion, definePlugin, SkipPlugin } from './plugin.js'
export { createSlot } from './slot.js'
export { many, one } from './token.js'
export type { Static, TSchema }

// ---------------------------------------------------------------------------------------------------------- tokens

/** `one`: exactly one plugin provides it, and it orders the boot. `many`: any number provide it, and it never does. */
export type Cardinality = 'one' | 'many'

/**
 * The name of something that one plugin provides and another requires. Its `id` ("scheduler.score/v1") is its whole
 * identity: two copies of a package that declare the same id mean the same token. A change of the interface that an
 * existing provider does not meet gets a new version in the id.
 */
export interface Token<T, C extends Cardinality = Cardinality> {
  readonly id: `${string}/v${number}`
  readonly cardinality: C
  /** `Symbol.for('davit:' + id)`. */
  readonly key: symbol
  /** Carries T for the type checker; never present at run time. */
  readonly _type?: T
}

/**
 * What a consumer of a `many` token receives: live and ordered by the provider's plugin id, then by the order in which
 * that plugin listed its contributions. The array that `all()` returns is frozen and stays the same object until a
 * contributor comes or goes, so take it once for each cycle of work and compare by identity to see a change.
 */
export interface Bag<T> {
  all(): readonly T[]
  /** The same as `all()`, with the id of the plugin that gave each. For status and error messages. */
  entries(): readonly { readonly owner: string; readonly value: T }[]
  /** Called after each change, in the turn of the change. The returned function removes the listener. */
  onChange(listener: () => void): () => void
}

// biome-ignore lint/suspicious/noExplicitAny: the widest token; `unknown` would be invariant and accept no real one.
export type TokenMap = Readonly<Record<string, Token<any, Cardinality>>>
/** What a plugin gets for a token it requires. */
export type Received<K> = K extends Token<infer T, infer C> ? ('many' extends C ? Bag<T> : T) : never
/** What a plugin gives for a token it provides: the thing itself, or for a `many` token one thing or a list of them. */
export type Given<K> = K extends Token<infer T, infer C> ? ('many' extends C ? T | readonly T[] : T) : never

// ----------------------------------------------------------------------------------------------------------- slots

/**
 * How the taps of a slot combine; the names are tapable's.
 * - `sync`: each is called, in order; a throw of one does not keep the others from running, and is rethrown after.
 * - `syncBail`: the first answer that is not `undefined` is the answer.
 * - `syncWaterfall` / `asyncWaterfall`: the first argument goes through all; `undefined` keeps it as it is.
 * - `asyncSeries`: one after the other. `asyncBail`: one after the other until one answers something but `undefined`.
 */
export type SlotKind = 'sync' | 'syncBail' | 'syncWaterfall' | 'asyncSeries' | 'asyncBail' | 'asyncWaterfall'

/**
 * A hook point that belongs to a host. Order of taps: (stage, plugin id), never the order of registration. A tap that
 * is removed while a call runs still takes part in that call. An error of a tap reaches the caller as a `DavitError`
 * `DAVIT_SLOT_ERROR` that names slot and owner, with the error as `cause`.
 */
export interface Slot<Args extends unknown[], Result> {
  readonly name: string
  readonly kind: SlotKind
  call(...args: Args): Result
  /** `stage` defaults to 0; lower runs first. Returns the function that removes the tap; calling it twice is allowed. */
  tap(owner: string, handler: (...args: Args) => Result, options?: TapOptions): () => void
  readonly taps: readonly TapInfo[]
  /** Whether anybody listens: for hosts that would make the arguments for nobody. Costs nothing to read. */
  readonly tapped: boolean
}
export interface TapOptions {
  readonly stage?: number
}
export interface TapInfo {
  readonly owner: string
  readonly stage: number
  /**
   * Calls so far and their total time in milliseconds, async time included. In the synchronous kinds one call of 64 is
   * timed and the total is worked out from those.
   */
  readonly calls: number
  readonly totalMs: number
}

// -------------------------------------------------------------------------------- time, randomness, identity, logs

/** The only source of time (law 7). The real one reads the machine's clocks; the virtual one moves when a test says so. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** Monotonic milliseconds, with fractions; only differences mean something. */
  monotonic(): number
  /** Calls `run` once after `ms` milliseconds, never in the same turn, and keeps the process alive unless `unref`. */
  setTimer(ms: number, run: () => void, options?: { unref?: boolean }): Timer
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `run` in a later turn of the event loop, after pending input and output. */
  defer(run: () => void): void
}
export interface Timer {
  /** Idempotent; a cancelled timer never runs. */
  cancel(): void
}

/** The only source of randomness (law 7). The seeded one repeats itself exactly. Not for keys or secrets. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number
  /** An integer from 0 to `bound` − 1. */
  integer(bound: number): number
  /** `length` characters of `alphabet`; the default is Kubernetes' 27 letters and digits without vowels and look-alikes. */
  string(length: number, alphabet?: string): string
}

/** The only source of identity (law 7). */
export interface Ids {
  /** A version 4 UUID, lower case. */
  uuid(): string
}

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** A logger that adds `fields` to each line. */
  child(fields: object): Logger
}

// --------------------------------------------------------------------------------------------------------- plugins

/**
 * Start barriers: every `start` of a stage has resolved before the first of the next stage begins. Set-up has no
 * stages; it follows the graph alone.
 */
export type Stage = 'store' | 'api' | 'cache' | 'control' | 'node' | 'edge'
export const stages: readonly Stage[] = ['store', 'api', 'cache', 'control', 'node', 'edge']

/** What a plugin's `setup` may use besides what it requires. */
export interface PluginContext<Config> {
  /** The instance's id: the plugin's own, or `id:name` where the configuration gives an entry a name. */
  readonly id: string
  /** Version of the plugin package, or core's own for what ships with core. */
  readonly version: string
  /** Decoded, defaulted, frozen. */
  readonly config: Readonly<Config>
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  /** Aborted before the first undo of this plugin runs. Hand it to everything that waits. */
  readonly signal: AbortSignal
  /** Taps a slot; the tap goes when the plugin is disposed of. */
  tap<A extends unknown[], R>(slot: Slot<A, R>, handler: (...args: A) => R, options?: TapOptions): void
  /**
   * Registers the undo of something just acquired. Undos run last-in first-out on dispose, and also when set-up or
   * start throws half-way. An undo that throws is logged and does not stop the others. May be called in `start` too.
   */
  defer(undo: () => void | Promise<void>): void
  /**
   * A thing of which only one may exist (a port, a database handle, a directory lock). Made by the first caller of
   * `key`, counted, and disposed of when the last user is gone; a reload finds the same instance again.
   */
  shared<T extends AsyncDisposable>(key: string, make: () => Promise<T>): Promise<T>
}

/** What `setup` returns besides what it provides. */
export interface PluginLife {
  /** Called once, after every plugin is set up, behind the barrier of the stages before. Must not wait for ever. */
  start?(): void | Promise<void>
  /**
   * Called once, in a turn of its own after every plugin has started: for work that no start waits for. A rejection is
   * logged, unless the plugin is being stopped; it must end when `signal` aborts, and the undos wait for that.
   */
  afterStart?(): void | Promise<void>
  /** Called once before the undos, in reverse order of start: finish what is in flight, accept nothing new. */
  drain?(): void | Promise<void>
}

export interface PluginConfig<S extends TSchema = TSchema> {
  /** Of the schema. A configuration entry with a lower `version` goes through `migrate` first. */
  readonly version: number
  /** An object schema. Unknown keys are always errors, whatever the schema says. Every field has a description. */
  readonly schema: S
  migrate?(old: unknown, from: number): unknown
}

/**
 * A plugin, described without side effects. `setup` gets exactly what `requires` and `optional` declare, and must give
 * exactly what `provides` declares. Each of setup, start, drain and dispose has a deadline (30 s unless `deadlineMs`
 * says otherwise) after which the kernel fails with an error that names this plugin.
 */
export interface Plugin<
  R extends TokenMap = TokenMap,
  O extends TokenMap = TokenMap,
  P extends TokenMap = TokenMap,
  S extends TSchema = TSchema,
> {
  /** The folder's name under `plugins/`; never changes. */
  readonly id: string
  /** The range of core's plugin API that it is written for, checked before set-up. */
  readonly api: `^${number}.${number}`
  readonly version?: string
  /** Behind which barrier `start` runs. Default `control`. */
  readonly stage?: Stage
  readonly requires?: R
  /** As `requires`, but absent (`undefined`) where nobody provides it. For a `many` token use `requires`: a bag may be empty. */
  readonly optional?: O
  readonly provides?: P
  /** Capability manifest: immutable, shown in status, and the only thing that lets a conformance case be skipped. */
  readonly supports?: Readonly<Record<string, boolean>>
  readonly config?: PluginConfig<S>
  readonly deadlineMs?: number
  /**
   * Called once for each life of the plugin. Throw `new SkipPlugin(reason)` when it does not apply to this machine:
   * that is a state, not a failure, as long as nobody requires a `one` token that only it provides.
   */
  setup(
    context: PluginContext<Static<S>>,
    received: { readonly [K in keyof R]: Received<R[K]> } & { readonly [K in keyof O]?: Received<O[K]> | undefined },
  ): Promise<
    // What is given must not widen what is declared.
    PluginLife &
      NoInfer<keyof P extends never ? { provides?: undefined } : { provides: { readonly [K in keyof P]: Given<P[K]> } }>
  >
}

/** A plugin of any shape, as the kernel handles it. */
export interface AnyPlugin {
  readonly id: string
  readonly api: string
  readonly version?: string
  readonly stage?: Stage
  readonly requires?: TokenMap
  readonly optional?: TokenMap
  readonly provides?: TokenMap
  readonly supports?: Readonly<Record<string, boolean>>
  readonly config?: PluginConfig
  readonly deadlineMs?: number
  setup(context: PluginContext<never>, received: never): Promise<PluginLife & { provides?: unknown }>
}

// ---------------------------------------------------------------------------------------------------------- status

/** `skipped`: not applicable here. `failed`: optional and did not come up, or did not survive a reload. */
export type PluginState =
  | 'described'
  | 'setting-up'
  | 'ready'
  | 'starting'
  | 'running'
  | 'draining'
  | 'stopped'
  | 'skipped'
  | 'failed'

export interface PluginStatus {
  readonly id: string
  readonly version: string
  readonly stage: Stage
  readonly state: PluginState
  /** Why it is skipped or failed, or why its last reload was rolled back; empty otherwise. */
  readonly reason: string
  readonly optional: boolean
  readonly setupMs: number
  readonly startMs: number
  readonly requires: readonly string[]
  readonly provides: readonly string[]
  readonly taps: readonly (TapInfo & { readonly slot: string })[]
  readonly supports: Readonly<Record<string, boolean>>
}

/** What a plugin entry of the configuration file says, after the file's own schema was checked. */
export interface PluginEntry {
  readonly plugin: AnyPlugin
  /** Undecoded: the kernel checks it against the plugin's schema and fills in defaults. */
  readonly config?: unknown
  readonly configVersion?: number
  readonly optional?: boolean
  /** Makes the instance's id `id:name`, so that one plugin may have several entries. */
  readonly name?: string
  /** Where the entry stands ("davit.yaml: plugins[3]"), for error messages. */
  readonly source?: string
}

/**
 * One kernel, one set of plugins. `boot` describes, decodes, sets up and starts all of them, or undoes everything it
 * began and rejects with the first cause. The order of `entries` is without meaning.
 */
export interface Kernel {
  /** The order of set-up, by instance id: a pure function of the set of plugins. */
  readonly order: readonly string[]
  status(): readonly PluginStatus[]
  /** Fires after each change of a plugin's state. */
  readonly changed: Slot<[PluginStatus], void>
  /**
   * Replaces the entry of plugin `id` (new configuration, new code or both) and restarts it and all that depend on it
   * over `one` edges; a plugin that only contributes to `many` tokens is swapped alone. If anything throws, what ran
   * before runs again and the promise rejects with `DAVIT_RELOAD_FAILED`, whose `cause` says why. Reloads run one at a
   * time, in order of the calls.
   */
  reload(id: string, entry: PluginEntry): Promise<void>
  /** Stops in exact reverse of start. Idempotent; rejects with an AggregateError if undos failed, after running all. */
  stop(): Promise<void>
  /** What `token` resolved to. For the composition root and tests; plugins never see a kernel. */
  get<T>(token: Token<T, 'one'>): T
  bag<T>(token: Token<T, 'many'>): Bag<T>
}

export interface KernelServices {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: Logger
}
