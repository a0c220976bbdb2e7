/**
 * Several servers over one store: each says where Pods reach it, by a key that goes with it, and all of them keep
 * `default/kubernetes` to those that are there. As Kubernetes does it, with the store's leases: a server that dies is
 * taken out a lease later, and nothing is written while none comes or goes.
 */
import { createHash } from 'node:crypto'
import { isConflict, isExists } from '../client/contract.js'
import { type Clock, DavitError, type Ids, type Logger } from '../kernel/contract.js'
import { type Entry, type LeaseId, prefixEnd, type Revision, type Store, type WatchHandle } from '../store/contract.js'
import type { ApiAddress, ApiPipeline } from './contract.js'
import { publishEndpoints, type ServerEndpoint } from './kubernetes-endpoints.js'

export interface ServerAddressesOptions {
  readonly store: Store
  readonly pipeline: ApiPipeline
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly address: Pick<ApiAddress, 'ca' | 'endpoint' | 'url'>
  /** Of the keys that verify tokens of service accounts; the first one signs. */
  readonly tokenKeys: () => Promise<readonly string[]>
}

/** What lies under a server's key, as JSON. */
interface Server {
  readonly url: string
  /** Absent: Pods do not reach it. */
  readonly endpoint?: ServerEndpoint
  /** A digest of the certificate of its authority. */
  readonly authority: string
  readonly tokenKeys: readonly string[]
}

const prefix = '/davit.dev/servers//'
const range = { from: prefix, to: prefixEnd(prefix) }
const leaseSeconds = 15
const keepMs = 5_000
const retryMs = 1_000

export class ServerAddresses {
  readonly #options: ServerAddressesOptions
  readonly #stop = new AbortController()
  readonly #key: string
  #own: Server
  #lease: LeaseId | undefined
  #watch: WatchHandle | undefined
  #keeping: Promise<void> | undefined
  /** The publishing that is under way; `#again`: something changed since it began. */
  #publishing: Promise<void> | undefined
  #again = false

  constructor(options: ServerAddressesOptions) {
    this.#options = options
    const { url, ca, endpoint } = options.address
    const authority = createHash('sha256').update(ca).digest('hex')
    this.#key = `${prefix}${options.ids.uuid()}`
    this.#own = { url, authority, tokenKeys: [], ...(endpoint && { endpoint }) }
  }

  /** Resolves when this server's address is published. Rejects beside servers with other keys. */
  async start(): Promise<void> {
    // Also made here where there is none yet: a second server must find it to copy.
    this.#own = { ...this.#own, tokenKeys: await this.#options.tokenKeys() }
    await this.#checkKeys()
    const entered = await this.#enter()
    // Of two that came at the same moment neither saw the other before; the later one goes.
    this.#follow(await this.#checkKeys(entered))
    await this.#publish()
    this.#keeping = this.#keep()
  }

  /** Takes this server's address away; another publishes what is left. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server stops'))
    this.#watch?.close()
    await Promise.all([this.#keeping, this.#publishing])
    if (this.#lease === undefined) return
    await this.#options.store.revokeLease(this.#lease).catch((error: unknown) => {
      this.#options.log.warn({ error }, 'the address of this server was not taken away; it goes with its lease')
    })
  }

  /** Rejects beside one with other keys, of all or of those that came before a revision. Resolves with that of its look. */
  async #checkKeys(before = Number.POSITIVE_INFINITY): Promise<Revision> {
    const { entries, revision } = await this.#options.store.range(range)
    for (const entry of entries) if (entry.created < before) this.#checkKeysOf(serverOf(entry))
    return revision
  }

  #checkKeysOf({ url, authority, tokenKeys }: Server): void {
    const own = this.#own
    const knows = (verifying: readonly string[], [signing]: readonly string[]) =>
      signing === undefined || verifying.includes(signing)
    const refuse = (what: string) => {
      const text = `this server and ${url}, which shares its store, have different ${what}: neither would know the users of the other`
      throw new DavitError('DAVIT_PKI_DIFFERS', text)
    }
    if (authority !== own.authority) refuse('CAs')
    if (!knows(own.tokenKeys, tokenKeys) || !knows(tokenKeys, own.tokenKeys)) refuse('keys for tokens of service accounts')
  }

  /** Resolves with the revision that wrote it. */
  async #enter(): Promise<Revision> {
    const { store } = this.#options
    const key = this.#key
    const { revision: before = 0 } = (await store.get(key)) ?? {}
    const { id } = await store.grantLease(leaseSeconds)
    const value = new TextEncoder().encode(JSON.stringify(this.#own))
    const operations = [{ type: 'put', key, value, lease: id }] as const
    // An earlier attempt, of which nobody knows how it ended, must not come later and tie the key to its own lease.
    const { ok, revision } = await store.transact({ compare: [{ key, revision: before }], operations })
    if (!ok) throw new Error('an earlier attempt was carried out late')
    // Not before: a lease that is kept without the key would keep this server out for good.
    this.#lease = id
    return revision
  }

  /** While its key was lost, servers with other keys may have come: they stay, and this one stays out as long as they do. */
  async #enterAgain(): Promise<void> {
    await this.#checkKeys()
    const entered = await this.#enter()
    try {
      await this.#checkKeys(entered)
    } catch (error) {
      const lease = this.#lease
      this.#lease = undefined
      if (lease !== undefined) await this.#options.store.revokeLease(lease)
      throw error
    }
  }

  async #keep(): Promise<void> {
    const { store, clock, log } = this.#options
    const { signal } = this.#stop
    for (;;) {
      await clock.sleep(keepMs, signal).catch(() => undefined)
      if (signal.aborted) return
      try {
        if (this.#lease === undefined || !(await store.keepLease(this.#lease))) await this.#enterAgain()
      } catch (error) {
        log.warn({ error }, 'the address of this server could not be kept; it is tried again')
      }
    }
  }

  #follow(after: Revision): void {
    // It may have been stopped since somebody asked for that revision.
    if (this.#stop.signal.aborted) return
    this.#watch = this.#options.store.watch(
      { ...range, after },
      {
        events: () => void this.#publish(),
        // Compacted away, or the end of the store: from the present state on, if there is one.
        end: () => void this.#followAnew(),
      },
    )
  }

  async #followAnew(): Promise<void> {
    const { store, clock } = this.#options
    const { signal } = this.#stop
    await clock.sleep(retryMs, signal).catch(() => undefined)
    if (signal.aborted) return
    try {
      this.#follow((await store.range(range)).revision)
      await this.#publish()
    } catch {
      void this.#followAnew()
    }
  }

  /** One at a time, and once more for all that changed meanwhile. Never rejects. */
  #publish(): Promise<void> {
    this.#again = true
    this.#publishing ??= this.#publishAll()
    return this.#publishing
  }

  async #publishAll(): Promise<void> {
    const { store, pipeline, clock, log } = this.#options
    const { signal } = this.#stop
    while (this.#again && !signal.aborted) {
      this.#again = false
      try {
        const { entries } = await store.range(range)
        await publishEndpoints(
          pipeline,
          entries.flatMap((entry) => serverOf(entry).endpoint ?? []),
        )
      } catch (error) {
        this.#again = true
        // Another server writes the same.
        if (isConflict(error) || isExists(error)) continue
        log.warn({ error }, 'the endpoints of default/kubernetes could not be published; they are tried again')
        await clock.sleep(retryMs, signal).catch(() => undefined)
      }
    }
    // In the same turn as the last look at `#again`: what comes next begins anew.
    this.#publishing = undefined
  }
}

function serverOf({ value }: Entry): Server {
  return JSON.parse(new TextDecoder().decode(value)) as Server
}
