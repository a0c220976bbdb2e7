import { sleepOn } from '../kernel/clock.js'
import { createVirtualClock, type VirtualClock } from '../kernel/clock-virtual.js'
import { definePlugin, type Timer } from '../kernel/contract.js'
import { silentLogger } from '../kernel/host.js'
import { type Store, type StoreEvent, StoreToken, type WatchSink } from '../store/contract.js'
import { openMemoryStore } from '../store/host.js'
import { bootPlane } from './boot-plane.js'
import type { TestContext } from './harness.js'
import type { BootedServer, Servers } from './servers.js'

export async function bootServers(t: Pick<TestContext, 'defer'>): Promise<Servers> {
  const clock = createVirtualClock()
  const store = await openMemoryStore({ clock, log: silentLogger })
  t.defer(() => store.close())
  let booted = 0
  return {
    clock,
    async boot(plugins) {
      const gate = new Gate()
      booted += 1
      const own = {
        clock: gatedClock(clock, gate),
        store: { plugin: alreadyOpen(gatedStore(store, gate)) },
        seed: `server ${booted}`,
      }
      const plane = (await bootPlane({ plugins, ...own })) as BootedServer
      t.defer(() => {
        gate.open()
        return plane.stop()
      })
      return { ...plane, clock, pause: () => gate.close(), resume: () => gate.open() }
    },
  }
}

/** A store that somebody else opens and closes. */
function alreadyOpen(store: Store) {
  return definePlugin({
    id: 'store-memory',
    api: '^1.0',
    stage: 'store',
    provides: { store: StoreToken },
    setup: async () => ({ provides: { store } }),
  })
}

/** What comes to it while it is closed passes, in order, when it opens. */
class Gate {
  #closed = false
  readonly #held: (() => void)[] = []

  close(): void {
    this.#closed = true
  }

  open(): void {
    this.#closed = false
    for (const run of this.#held.splice(0)) run()
  }

  run(pass: () => void): void {
    if (this.#closed) this.#held.push(pass)
    else pass()
  }

  passed(): Promise<void> | undefined {
    return this.#closed ? new Promise((resolve) => this.#held.push(resolve)) : undefined
  }
}

function gatedClock(clock: VirtualClock, gate: Gate): VirtualClock {
  const setTimer = (ms: number, run: () => void): Timer => {
    let cancelled = false
    const timer = clock.setTimer(ms, () => gate.run(() => cancelled || run()))
    return {
      cancel() {
        cancelled = true
        timer.cancel()
      },
    }
  }
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer,
    sleep: (ms, signal) => sleepOn(setTimer, ms, signal),
    defer: (run) => clock.defer(() => gate.run(run)),
    advance: (ms) => clock.advance(ms),
    settle: () => clock.settle(),
    get pending() {
      return clock.pending
    },
  }
}

/** Both ways: a question that was not sent yet, and an answer that was not read yet. */
function gatedStore(store: Store, gate: Gate): Store {
  const gated = async <T>(call: () => Promise<T>): Promise<T> => {
    await gate.passed()
    const answer = await call()
    await gate.passed()
    return answer
  }
  return {
    supports: { ...store.supports, remote: true },
    get compacted() {
      return store.compacted
    },
    current: () => gated(() => store.current()),
    get: (key, options) => gated(() => store.get(key, options)),
    range: (options) => gated(() => store.range(options)),
    transact: (transaction) => gated(() => store.transact(transaction)),
    watch: (options, sink) => store.watch(options, gatedSink(sink, gate)),
    grantLease: (ttl) => gated(() => store.grantLease(ttl)),
    keepLease: (id) => gated(() => store.keepLease(id)),
    revokeLease: (id) => gated(() => store.revokeLease(id)),
    compact: (revision) => gated(() => store.compact(revision)),
    snapshot: (file) => gated(() => store.snapshot(file)),
    restore: (file) => gated(() => store.restore(file)),
    close: async () => undefined,
  }
}

function gatedSink(sink: WatchSink, gate: Gate): WatchSink {
  return {
    events: (events: readonly StoreEvent[], upTo) => gate.run(() => sink.events(events, upTo)),
    end: (error) => gate.run(() => sink.end(error)),
  }
}
