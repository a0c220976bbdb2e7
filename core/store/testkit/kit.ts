import { createVirtualClock } from '../../kernel/clock-virtual.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import { assert, type Capability, suite, type TestContext } from '../../testing/contract.js'
import type { Key, Operation, Revision, Store, StoreCapabilities, StoreEvent, WatchHandle, WatchOptions } from '../contract.js'

export interface KitServices {
  readonly clock: Clock
  readonly log: Logger
}
/** Opens the engine on a directory of its own. Called again with the same directory, it opens the same data. */
export type StoreFactory = (directory: string, services: KitServices) => Promise<Store>

export interface KitOptions {
  /** The plugin's manifest: what it lacks is not tested, and nothing else is left out. */
  readonly supports: StoreCapabilities
  /** Lets time pass for the engine's leases. Default: moves the virtual clock that the factory was given. */
  readonly advance?: (ms: number) => Promise<void>
  /** What the machine must have for the engine to be tested. */
  readonly requires?: readonly Capability[]
}

/** One test's store. */
export interface Case {
  readonly store: Store
  readonly directory: string
  advance(ms: number): Promise<void>
  /** Another store, on the directory given or on a fresh one. Closed after the test. */
  open(directory?: string): Promise<Store>
}

export interface Kit {
  readonly supports: StoreCapabilities
  /** How often to do what is done many times for luck: less where each takes a round trip. */
  times(count: number): number
  /** Revisions of transactions that were called at once, in the order in which they took effect. */
  ordered(revisions: readonly Revision[]): readonly Revision[]
  test(name: string, run: (one: Case) => Promise<void>): void
}

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }

export function makeKit(name: string, factory: StoreFactory, options: KitOptions): Kit {
  const group = suite(name)
  return {
    supports: options.supports,
    times: (count) => (options.supports.remote ? Math.ceil(count / 4) : count),
    ordered: (revisions) => (options.supports.remote ? [...revisions].sort((a, b) => a - b) : revisions),
    test(title, run) {
      const once = async (context: TestContext): Promise<void> => {
        const clock = createVirtualClock()
        const open = async (directory?: string): Promise<Store> => {
          const store = await factory(directory ?? (await context.directory()), { clock, log: silentLog })
          context.defer(() => store.close())
          return store
        }
        const directory = await context.directory()
        const advance = options.advance ?? ((ms: number) => clock.advance(ms))
        await run({ store: await open(directory), directory, advance, open })
      }
      group(title, once, { requires: options.requires ?? [] })
    },
  }
}

export const everything = { from: '/', to: '0' }

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value)
}

/** One transaction without a comparison; its revision. */
export async function write(store: Store, ...operations: Operation[]): Promise<Revision> {
  const result = await store.transact({ compare: [], operations })
  assert.ok(result.ok)
  return result.revision
}
export function put(key: Key, value: string): Operation {
  return { type: 'put', key, value: bytes(value) }
}
export function remove(key: Key): Operation {
  return { type: 'delete', key }
}

export async function rejectsWith(code: string, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.is((error as { readonly code?: unknown } | undefined)?.code, code)
}

/** A watch that notes what it is told, and checks that it is told so as the contract says. */
export interface Recorder {
  readonly events: StoreEvent[]
  /** One line for each event: `revision key=value` or `revision -key`. */
  lines(): string[]
  readonly calls: number
  readonly ended: Error | undefined
  readonly handle: WatchHandle
  /** Resolves when something at or beyond the revision was delivered. */
  reached(revision: Revision): Promise<void>
  end(): Promise<Error>
}

export function record(store: Store, after: Revision, range: Omit<WatchOptions, 'after'> = everything): Recorder {
  const events: StoreEvent[] = []
  const waiting = new Set<() => void>()
  let calls = 0
  let upTo = after
  let ended: Error | undefined
  let broken: string | undefined
  const handle = store.watch(
    { ...range, after },
    {
      events(batch, reached) {
        calls += 1
        const first = batch[0]
        if (first === undefined) broken = 'a call without events'
        else if (first.revision <= upTo) broken = `revision ${first.revision} after a call up to ${upTo}`
        for (const event of batch) {
          if (event.revision < (events.at(-1)?.revision ?? 0)) broken = `revision ${event.revision} out of order`
          if (event.revision > reached) broken = `revision ${event.revision} beyond upTo ${reached}`
          events.push(event)
        }
        upTo = reached
        for (const wake of waiting) wake()
      },
      end(error) {
        if (ended) broken = 'ended twice'
        ended = error
        for (const wake of waiting) wake()
      },
    },
  )
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve)
      })
      waiting.clear()
    }
    assert.is(broken, undefined)
  }
  return {
    events,
    handle,
    lines: () => events.map(lineOf),
    get calls() {
      return calls
    },
    get ended() {
      return ended
    },
    reached: (revision) => until(() => ended !== undefined || upTo >= revision),
    async end() {
      await until(() => ended !== undefined)
      return ended as Error
    },
  }
}

export function lineOf(event: StoreEvent): string {
  if (event.type === 'delete') return `${event.revision} -${event.key}`
  return `${event.revision} ${event.entry.key}=${text(event.entry.value)}`
}
