import { type Clock, DavitError, type Logger } from '@davit/core/kernel'
import { closedError } from '@davit/core/store'
import { isAnswer, isFailure, isUnsent, messageOf, NoAnswer, unavailable } from './errors.js'
import type { StreamCalls, UnaryCalls } from './messages.js'
import type { Duplex, Transport } from './transport.js'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly log: Logger
  /** What a call may take, and how long calls wait for an etcd that is lost. */
  readonly timeoutMs: number
  /** Asked of etcd to see whether it answers; its value does not matter. */
  readonly probeKey: Uint8Array
}

const probeMs = 250

/**
 * The way to etcd. While it answers, calls go straight through. When it does not, it counts as lost: then one probe
 * looks for it, endpoint after endpoint, and the calls wait for that, but only until the time of a call has passed since
 * the loss; from then on they are refused at once.
 */
export class Connection {
  readonly #transports: readonly Transport[]
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()
  #at = 0
  /** When etcd was last heard, and since when it is lost. */
  #heard = Number.NEGATIVE_INFINITY
  #lost: { readonly since: number; readonly cause: unknown; readonly found: Promise<void> } | undefined
  #clusterId: number | undefined
  #failure: DavitError | undefined
  /** Called once when the store can no longer be used. */
  onFailure: (error: DavitError) => void = () => undefined
  /** Called each time that etcd answers again, with the endpoint that does: streams of others belong there from here on. */
  onFound: (transport: Transport) => void = () => undefined

  constructor(transports: readonly Transport[], options: ConnectionOptions) {
    this.#transports = transports
    this.#options = options
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  get reachable(): boolean {
    return this.#lost === undefined && this.#failure === undefined
  }

  /**
   * Rejects with `NoAnswer` when etcd does not answer, with its own error when it refuses, with
   * `DAVIT_STORE_UNAVAILABLE` when it is lost and the call was not made. `repeat`: a call that changes nothing, which is
   * made again until it is answered, or its time has passed.
   */
  async call<C extends keyof UnaryCalls>(
    name: C,
    request: UnaryCalls[C]['request'],
    { repeat = false } = {},
  ): Promise<UnaryCalls[C]['response']> {
    const isOver = this.limit()
    for (;;) {
      if (this.#lost || this.#failure || this.#closing.signal.aborted) await this.#ready()
      const transport = this.#transport
      try {
        return await this.#once(transport, name, request, this.#options.timeoutMs)
      } catch (error) {
        if (!(error instanceof NoAnswer) || !repeat) throw error
        // Neither lost nor left: it answers others, and this one call was too slow or failed.
        const isRefused = this.#lost === undefined && transport === this.#transport
        if (isRefused || isOver()) throw this.#failure ?? unavailable(error)
      }
    }
  }

  /** For what is asked again and again: says whether the time of a call has passed since now. */
  limit(): () => boolean {
    const { clock, timeoutMs } = this.#options
    const end = clock.monotonic() + timeoutMs
    return () => clock.monotonic() >= end
  }

  /** One request and one answer over a stream of its own. */
  async exchange<C extends keyof StreamCalls>(name: C, request: StreamCalls[C]['request']): Promise<StreamCalls[C]['response']> {
    await this.#ready()
    const { clock, timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const { stream } = this.stream(name)
      const timer = clock.setTimer(timeoutMs, () => stream.cancel(), { unref: true })
      const done = (settle: () => void): void => {
        timer.cancel()
        settle()
        stream.cancel()
      }
      stream.on('data', (answer) => done(() => resolve(answer)))
      stream.on('error', (error) => done(() => reject(isAnswer(error) ? error : unavailable(error))))
      stream.write(request)
    })
  }

  /** Resolves when etcd is not lost, however long that takes. Rejects when it can no longer be used. */
  async found(): Promise<void> {
    this.#closing.signal.throwIfAborted()
    while (this.#lost) await this.#lost.found
    if (this.#failure) throw this.#failure
  }

  /** On the endpoint of the moment, by which `broken` knows it. */
  stream<C extends keyof StreamCalls>(name: C): { readonly stream: Duplex<C>; readonly transport: Transport } {
    const transport = this.#transport
    return { stream: transport.stream(name), transport }
  }

  /** A stream broke or was not answered; the next may be on another endpoint. Of one that was left this says nothing new. */
  broken(transport: Transport, error: unknown): void {
    if (transport === this.#transport) this.#lose(this.#options.clock.monotonic(), error)
  }

  /** Every answer's header goes through here: it tells when the data behind the endpoints is another one. */
  saw(header: { readonly clusterId: number } | null | undefined): void {
    if (!header) return
    this.#clusterId ??= header.clusterId
    if (header.clusterId === this.#clusterId || this.#failure) return
    const text = `The etcd behind the endpoints is another cluster than the one that was opened; start the process again.`
    this.#failure = new DavitError('DAVIT_STORE_FAILED', text)
    this.onFailure(this.#failure)
  }

  /** Resolves when etcd answers. */
  async open(): Promise<void> {
    this.#lose(this.#options.clock.monotonic(), new Error('it was not reached yet'), true)
    await this.#ready()
  }

  close(): void {
    this.#closing.abort(closedError())
    for (const transport of this.#transports) transport.close()
  }

  get #transport(): Transport {
    return this.#transports[this.#at] as Transport
  }

  #once<C extends keyof UnaryCalls>(
    transport: Transport,
    name: C,
    request: UnaryCalls[C]['request'],
    timeoutMs: number,
  ): Promise<UnaryCalls[C]['response']> {
    const { clock } = this.#options
    const began = clock.monotonic()
    return new Promise((resolve, reject) => {
      let late = false
      const timer = clock.setTimer(
        timeoutMs,
        () => {
          late = true
          call.cancel()
        },
        { unref: true },
      )
      const call = transport.unary(name, request, (error, answer) => {
        timer.cancel()
        if (answer !== undefined || isAnswer(error)) this.#heard = clock.monotonic()
        if (answer !== undefined) {
          this.saw(answer.header)
          resolve(answer)
        } else if (isAnswer(error)) reject(error)
        else {
          const text = late ? `no answer from ${transport.endpoint} within ${timeoutMs} ms` : messageOf(error)
          const silence = new NoAnswer(text, !isUnsent(error), error)
          // Only of one that waited in vain do answers to others since tell that etcd is there.
          if (!isFailure(error) && transport === this.#transport) this.#lose(late ? began : clock.monotonic(), silence)
          reject(silence)
        }
      })
    })
  }

  #lose(since: number, cause: unknown, quiet = false): void {
    if (this.#lost || this.#closing.signal.aborted || this.#heard > since) return
    if (!quiet) this.#options.log.warn({ error: cause }, 'etcd does not answer; the store waits for it')
    const found = this.#probe(quiet)
    found.catch(() => undefined)
    this.#lost = { since, cause, found }
  }

  async #probe(first: boolean): Promise<void> {
    const { clock, log, probeKey, timeoutMs } = this.#options
    for (let round = 0; ; round++) {
      // The first attempt of an opening does not wait, any other one goes to the next endpoint.
      if (!first || round > 0) {
        await clock.sleep(probeMs, this.#closing.signal)
        this.#at = (this.#at + 1) % this.#transports.length
      } else await Promise.resolve()
      try {
        await this.#once(this.#transport, 'Range', { key: probeKey, countOnly: true }, Math.min(timeoutMs, 2_000))
        break
      } catch (error) {
        this.#closing.signal.throwIfAborted()
        if (!(error instanceof NoAnswer)) break
        if (this.#lost) this.#lost = { ...this.#lost, cause: error }
      }
    }
    this.#lost = undefined
    this.onFound(this.#transport)
    if (!first) log.info({ endpoint: this.#transport.endpoint }, 'etcd answers again')
  }

  /** While it is lost, waits until it is found, or until it is lost for too long. */
  async #ready(): Promise<void> {
    const { clock, timeoutMs } = this.#options
    this.#closing.signal.throwIfAborted()
    while (this.#lost) {
      const { since, found } = this.#lost
      const left = since + timeoutMs - clock.monotonic()
      if (left <= 0) throw unavailable(this.#lost.cause)
      const enough = new AbortController()
      const wait = clock.sleep(left, enough.signal).catch(() => undefined)
      await Promise.race([found, wait]).finally(() => enough.abort())
    }
    if (this.#failure) throw this.#failure
  }
}
