import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Clock, Logger } from '@davit/core/kernel'
import type { JsonReader } from './https.js'

interface NamedKey {
  readonly id: string
  readonly key: KeyObject
}
/** Whoever sends tokens of keys that do not exist must not make us ask again and again. */
const shortestPauseMs = 10_000
/** A key that the issuer takes back is taken for so long at most. */
const longestAgeMs = 3_600_000

/** The keys of an issuer, found by its discovery document when they are first needed. */
export class IssuerKeys {
  readonly #issuer: string
  readonly #read: JsonReader
  readonly #clock: Clock
  readonly #log: Logger
  #keys: readonly NamedKey[] | undefined
  #asking: Promise<void> | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.NEGATIVE_INFINITY
  #generation = 0

  constructor(issuer: string, read: JsonReader, clock: Clock, log: Logger) {
    this.#issuer = issuer
    this.#read = read
    this.#clock = clock
    this.#log = log
  }

  /** Another one after each change: what was proven under the keys before must be proven anew. */
  get generation(): number {
    return this.#generation
  }

  /** Asks for the keys where those that are known are old. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#clock.monotonic() - this.#heardAt > longestAgeMs) await this.#ask()
  }

  /** Keys that a token may be signed with; none of that name: the issuer is asked for new ones. Undefined: it has never answered. */
  async find(id: string): Promise<readonly KeyObject[] | undefined> {
    if (this.#named(id).length === 0) await this.#ask()
    return this.#keys && this.#named(id)
  }

  #named(id: string): readonly KeyObject[] {
    return (this.#keys ?? []).filter((one) => id === '' || one.id === id).map(({ key }) => key)
  }

  /** One question at a time, and not too often. Never rejects: the keys stay as they are. */
  async #ask(): Promise<void> {
    if (this.#asking) return this.#asking
    if (this.#clock.monotonic() - this.#askedAt < shortestPauseMs) return
    this.#askedAt = this.#clock.monotonic()
    this.#asking = this.#load()
      .catch((error: unknown) => {
        this.#log.warn({ issuer: this.#issuer, error: String(error) }, 'the keys of an OpenID issuer could not be read')
      })
      .finally(() => {
        this.#asking = undefined
      })
    return this.#asking
  }

  async #load(): Promise<void> {
    const base = this.#issuer.replace(/\/$/, '')
    const { issuer, jwks_uri: uri } = treeOf(await this.#read(`${base}/.well-known/openid-configuration`))
    if (issuer !== this.#issuer) throw new Error(`the discovery document is of the issuer ${JSON.stringify(issuer)}`)
    if (typeof uri !== 'string') throw new Error('the discovery document names no jwks_uri')
    const { keys } = treeOf(await this.#read(uri))
    if (!Array.isArray(keys)) throw new Error(`${uri} holds no set of keys`)
    this.#keys = keys.flatMap(namedKey)
    this.#heardAt = this.#clock.monotonic()
    this.#generation += 1
  }
}

/** A key of a kind that nobody here can use is left out: it may be for something else. */
function namedKey(value: unknown): NamedKey[] {
  const { kid, use = 'sig' } = treeOf(value)
  if (use !== 'sig') return []
  try {
    const key = createPublicKey({ key: value as JsonWebKey, format: 'jwk' })
    return [{ id: typeof kid === 'string' ? kid : '', key }]
  } catch {
    return []
  }
}

function treeOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
