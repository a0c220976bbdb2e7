/**
 * Hook points over tapable, which has no way to remove a tap. A slot keeps its own list and builds a new tapable hook
 * when the list changes; a call that is under way finishes on the old one.
 */
import {
  AsyncSeriesBailHook,
  AsyncSeriesHook,
  AsyncSeriesWaterfallHook,
  SyncBailHook,
  SyncHook,
  SyncWaterfallHook,
} from 'tapable'
import type { Slot, SlotKind, TapInfo, TapOptions } from './contract.js'
import { DavitError, messageOf } from './errors.js'

type Handler = (...args: unknown[]) => unknown
/** What tapable asks for: the names of the arguments, of which at least one. */
type ArgumentNames = readonly string[] & { 0: string; length: number }
type Run = (...args: unknown[]) => unknown

interface Tap {
  readonly owner: string
  readonly stage: number
  readonly order: number
  readonly handler: Handler
  calls: number
  timedCalls: number
  timedMs: number
}

/** One of 64 calls is timed: reading the clock would cost more than most taps. */
const sampleMask = 63
const none: readonly unknown[] = []

/** Makes a slot; the host that owns it does so once, and hands it to plugins by a token. */
export function createSlot<Args extends unknown[], Result>(name: string, kind: SlotKind): Slot<Args, Result> {
  return new TapableSlot(name, kind) as unknown as Slot<Args, Result>
}

class TapableSlot {
  readonly name: string
  readonly kind: SlotKind
  private list: readonly Tap[] = []
  private registered = 0
  private count = 0
  private arity = -1
  private plain: Run | undefined
  private timed: Run | undefined

  constructor(name: string, kind: SlotKind) {
    this.name = name
    this.kind = kind
  }

  get taps(): readonly TapInfo[] {
    return this.list.map((tap) => ({
      owner: tap.owner,
      stage: tap.stage,
      calls: tap.calls,
      totalMs: tap.timedCalls === 0 ? 0 : (tap.timedMs / tap.timedCalls) * tap.calls,
    }))
  }

  get tapped(): boolean {
    return this.list.length > 0
  }

  tap(owner: string, handler: Handler, options: TapOptions = {}): () => void {
    this.registered += 1
    const tap: Tap = {
      owner,
      stage: options.stage ?? 0,
      order: this.registered,
      handler,
      calls: 0,
      timedCalls: 0,
      timedMs: 0,
    }
    this.change([...this.list, tap].sort(compareTaps))
    return () => {
      if (this.list.includes(tap)) this.change(this.list.filter((other) => other !== tap))
    }
  }

  call(...args: unknown[]): unknown {
    if (args.length > this.arity) this.widen(args.length)
    this.count = (this.count + 1) | 0
    if ((this.count & sampleMask) === 1) {
      this.timed ??= this.build(true)
      return this.timed(...args)
    }
    this.plain ??= this.build(false)
    return this.plain(...args)
  }

  private change(list: readonly Tap[]): void {
    this.list = list
    this.plain = undefined
    this.timed = undefined
  }

  // tapable compiles a hook for a fixed number of arguments, which only a call can tell.
  private widen(arity: number): void {
    this.arity = arity
    this.change(this.list)
  }

  private build(timed: boolean): Run {
    const names = Array.from({ length: Math.max(1, this.arity) }, (_, index) => `argument${index}`) as unknown as ArgumentNames
    switch (this.kind) {
      case 'sync':
        return this.buildSync(names, timed)
      case 'syncBail':
        return this.fill(new SyncBailHook<unknown[], unknown>(names), timed)
      case 'syncWaterfall':
        return this.fill(new SyncWaterfallHook<unknown[], unknown>(names), timed)
      case 'asyncSeries':
        return this.fillAsync(new AsyncSeriesHook<unknown[]>(names), timed)
      case 'asyncBail':
        return this.fillAsync(new AsyncSeriesBailHook<unknown[], unknown>(names), timed)
      case 'asyncWaterfall':
        return this.fillAsync(new AsyncSeriesWaterfallHook<unknown[], unknown>(names), timed)
    }
  }

  /** A tap that throws must not keep the others from running, so the errors are collected and thrown after. */
  private buildSync(names: ArgumentNames, timed: boolean): Run {
    const hook = new SyncHook<unknown[], void>(names)
    let errors = none
    const collect = (error: unknown): void => {
      errors = [...errors, error]
    }
    for (const tap of this.list) hook.tap(tap.owner, this.guard(tap, timed, collect))
    return (...args) => {
      // A tap may call its own slot again: each call has its own errors.
      const outer = errors
      errors = none
      hook.call(...args)
      const mine = errors
      errors = outer
      if (mine.length > 0) throw mine[0]
    }
  }

  private fill(hook: SyncBailHook<unknown[], unknown> | SyncWaterfallHook<unknown[], unknown>, timed: boolean): Run {
    for (const tap of this.list) hook.tap(tap.owner, this.guard(tap, timed))
    // Not bound: tapable replaces `call` by the compiled function at its first use.
    return (...args) => hook.call(...args)
  }

  /** With callbacks: most taps answer at once, and a promise for each would cost more than they do. */
  private fillAsync(hook: AsyncSeriesHook<unknown[]> | AsyncSeriesBailHook<unknown[], unknown>, timed: boolean): Run {
    for (const tap of this.list) hook.tapAsync(tap.owner, this.guardAsync(tap, timed))
    return (...args) => hook.promise(...args)
  }

  /** The handler with its errors named; `collect` gets them in place of the caller. */
  private guard(tap: Tap, timed: boolean, collect?: (error: unknown) => void): Handler {
    const { handler } = tap
    const failed = (cause: unknown): undefined => {
      const error = this.named(tap, cause)
      if (!collect) throw error
      collect(error)
    }
    if (!timed) {
      return (...args) => {
        tap.calls += 1
        try {
          return handler(...args)
        } catch (error) {
          return failed(error)
        }
      }
    }
    return (...args) => {
      tap.calls += 1
      const began = performance.now()
      try {
        return handler(...args)
      } catch (error) {
        return failed(error)
      } finally {
        tap.timedCalls += 1
        tap.timedMs += performance.now() - began
      }
    }
  }

  private guardAsync(tap: Tap, timed: boolean): (...args: unknown[]) => void {
    return (...args) => {
      const done = args.pop() as (error: Error | null, result?: unknown) => void
      tap.calls += 1
      const began = timed ? performance.now() : 0
      const end = (): void => {
        if (!timed) return
        tap.timedCalls += 1
        tap.timedMs += performance.now() - began
      }
      const failed = (error: unknown): void => {
        end()
        done(this.named(tap, error))
      }
      const answered = (result: unknown): void => {
        end()
        done(null, result)
      }
      let result: unknown
      try {
        result = tap.handler(...args)
      } catch (error) {
        failed(error)
        return
      }
      if (isThenable(result)) result.then(answered, failed)
      else answered(result)
    }
  }

  private named(tap: Tap, cause: unknown): DavitError {
    return new DavitError(
      'DAVIT_SLOT_ERROR',
      `slot "${this.name}": the tap of plugin "${tap.owner}" failed: ${messageOf(cause)}`,
      {
        details: { slot: this.name, owner: tap.owner },
        cause,
      },
    )
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function compareTaps(a: Tap, b: Tap): number {
  if (a.stage !== b.stage) return a.stage - b.stage
  if (a.owner !== b.owner) return a.owner < b.owner ? -1 : 1
  return a.order - b.order
}
