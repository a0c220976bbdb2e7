/** Keeps a certificate of a node: gets one where there is none that fits, and another long before it ends. */
import type { X509Certificate } from 'node:crypto'
import type { Clock, Logger, Random } from '../../kernel/contract.js'
import type { Client, KeyAndCertificate } from '../contract.js'
import { type Credential, readCredential, writeCredential } from './credential-file.js'
import { requestCertificate, type WantedCertificate } from './request-certificate.js'

export interface KeeperOptions {
  /** Where it lies. */
  readonly file: string
  readonly wanted: WantedCertificate
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** There is another one. */
  readonly changed: (pair: KeyAndCertificate) => void
}

const firstRetryMs = 1_000
const longestRetryMs = 300_000
/** A request that nobody decides is made anew: it may have been made before the node had the right to. */
const firstDecisionMs = 10_000
const longestDecisionMs = 900_000

export class CertificateKeeper {
  readonly #options: KeeperOptions
  readonly #stop = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Tells of one of a former life that is good, too. `before`: the one that kept the same file until now; it is closed. */
  start(before?: CertificateKeeper): void {
    before?.close()
    const begun = before ? before.#ended.then(() => this.#run()) : this.#run()
    this.#ended = begun.catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        this.#options.log.error({ error: String(error) }, 'a certificate of the node is not kept any more')
    })
  }

  /** Idempotent. From here on it tells of none; what it is writing may still come into the file. */
  close(): void {
    this.#stop.abort(new Error('the certificate is not kept any more'))
  }

  async #run(): Promise<void> {
    const { file, wanted, clock, changed } = this.#options
    const { signal } = this.#stop
    if (signal.aborted) return
    const stored = await readCredential(file)
    let current = stored && isGood(stored.parsed, wanted, clock.now()) ? stored : undefined
    if (current && !signal.aborted) changed(current)
    while (!signal.aborted) {
      if (current) await clock.sleep(Math.max(0, this.#renewalOf(current.parsed) - clock.now()), signal)
      current = await this.#renew()
      if (signal.aborted) return
      changed(current)
    }
  }

  /** Between seven and nine tenths of its life, as in Kubernetes: nodes that joined together do not all ask together. */
  #renewalOf({ validFrom, validTo }: X509Certificate): number {
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
    return from + (to - from) * (0.7 + 0.2 * this.#options.random.next())
  }

  /** Tries for ever. */
  async #renew(): Promise<Credential> {
    const { file, wanted, client, clock, random, log } = this.#options
    const { signal } = this.#stop
    for (let failures = 0; ; failures += 1) {
      const decision = new AbortController()
      const patience = Math.min(longestDecisionMs, firstDecisionMs * 2 ** failures)
      const tooLong = clock.setTimer(patience, () => decision.abort(new Error('nobody has decided on the request')), {
        unref: true,
      })
      try {
        const either = AbortSignal.any([signal, decision.signal])
        await writeCredential(file, await requestCertificate(client, wanted, clock, either))
        const made = await readCredential(file)
        if (made) return made
        throw new Error('the certificate that was given cannot be read')
      } catch (error) {
        signal.throwIfAborted()
        log.warn({ error: String(error), signer: wanted.signerName }, 'the node has no new certificate yet; it asks again')
        const full = Math.min(longestRetryMs, firstRetryMs * 2 ** failures)
        await clock.sleep(full / 2 + (full / 2) * random.next(), signal)
      } finally {
        tooLong.cancel()
      }
    }
  }
}

/** It is about who is meant, of now, and for each of the names. */
export function isGood(
  certificate: X509Certificate,
  { commonName, dnsNames }: Pick<WantedCertificate, 'commonName' | 'dnsNames'>,
  now: number,
): boolean {
  return (
    commonNameOf(certificate) === commonName &&
    Date.parse(certificate.validTo) > now &&
    dnsNames.every((name) => certificate.checkHost(name) !== undefined)
  )
}

export function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? ''
}
