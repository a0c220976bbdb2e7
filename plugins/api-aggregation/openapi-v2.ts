/** What a remote API server says in `/openapi/v2` of a group version: read when somebody asks, and kept. */
import type { DelegateAddress } from '@davit/core/api'
import { equalJson, type OpenApiV2Part, openApiV2Part } from '@davit/core/kinds'
import { type Asker, aggregator, ask } from './ask.js'

/** Milliseconds that a reader waits for a server that was never heard. */
const patience = 1000

export class OpenApiV2Reader {
  readonly #asker: Asker
  readonly #groupVersion: readonly [group: string, version: string]
  readonly #intervalMs: number
  readonly #locate: () => DelegateAddress | undefined
  #part: OpenApiV2Part | undefined
  #etag: string | undefined
  #next = 0
  #asking: Promise<void> | undefined

  constructor(asker: Asker, group: string, version: string, intervalMs: number, locate: () => DelegateAddress | undefined) {
    this.#asker = asker
    this.#groupVersion = [group, version]
    this.#intervalMs = intervalMs
    this.#locate = locate
  }

  /** What is known is the answer, while the server is asked again for the next one. */
  async read(): Promise<OpenApiV2Part | undefined> {
    const { clock } = this.#asker
    if (this.#asking === undefined && clock.now() >= this.#next) {
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined
        this.#next = clock.now() + this.#intervalMs
      })
    }
    if (this.#asking && this.#part === undefined) await this.#heard(this.#asking)
    return this.#part
  }

  #heard(asking: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#asker.clock.setTimer(patience, resolve, { unref: true })
      void asking.finally(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** A server that cannot be read stays as it was last known; one that has no such document has none. */
  async #ask(): Promise<void> {
    const address = this.#locate()
    if (!address) return
    const condition = this.#etag === undefined ? {} : { 'if-none-match': this.#etag }
    try {
      const headers = { ...aggregator, ...condition }
      const { code, text, etag } = await ask(this.#asker, address, '/openapi/v2', this.#asker.signal, headers)
      if (code === 200) {
        const part = openApiV2Part(JSON.parse(text), ...this.#groupVersion)
        // Whoever joins the parts does it anew for each that is another one.
        if (!equalJson(part, this.#part)) this.#part = part
        this.#etag = etag
      }
      if (code === 404) this.#part = this.#etag = undefined
    } catch {
      // Its condition `Available` says what is wrong.
    }
  }
}
