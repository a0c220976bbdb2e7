/** Asks the cluster for a certificate, and waits until somebody has decided. */
import { createKey, createSigningRequest } from '../../api/contract.js'
import { type Clock, DavitError } from '../../kernel/contract.js'
import type { CertificateSigningRequest } from '../../kinds/contract.js'
import { ApiError } from '../api-error.js'
import type { Client, KeyAndCertificate } from '../contract.js'
import { certificateSigningRequests } from '../resources.js'

export interface WantedCertificate {
  readonly signerName: string
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Besides "digital signature". */
  readonly usage: 'client auth' | 'server auth'
  readonly dnsNames: readonly string[]
}

const retryMs = 1_000

/**
 * With a new key. Rejects with `DAVIT_JOIN_REFUSED` where the request is denied or cannot be signed, and with the signal's
 * reason; as long as nobody decides it waits.
 */
export async function requestCertificate(
  client: Client,
  wanted: WantedCertificate,
  clock: Clock,
  signal: AbortSignal,
): Promise<KeyAndCertificate> {
  const { signerName, usage, ...subject } = wanted
  const key = await createKey()
  const request = Buffer.from(createSigningRequest({ ...subject, key })).toString('base64')
  const made = await client.create(certificateSigningRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' } as CertificateSigningRequest['metadata'],
    spec: { request, signerName, usages: ['digital signature', usage] },
  })
  const { name } = made.metadata
  for (;;) {
    const certificate = await certificateOf(client, name, signal)
    if (certificate !== undefined) return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate }
    await clock.sleep(retryMs, signal)
  }
}

/** PEM; undefined where the watch ended before anybody had decided. Who may not watch is told so: no waiting changes that. */
function certificateOf(client: Client, name: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const over = (settle: () => void): void => {
      signal.removeEventListener('abort', abort)
      watch.close()
      settle()
    }
    const abort = (): void => over(() => reject(signal.reason))
    const seen = (type: string, { status }: CertificateSigningRequest): void => {
      const refusal = status?.conditions?.find((condition) => condition.type === 'Denied' || condition.type === 'Failed')
      const why = refusal ? `${refusal.type}: ${refusal.message || refusal.reason || ''}` : 'it was deleted'
      const { certificate } = status ?? {}
      if (refusal || type === 'DELETED') over(() => reject(refused(name, why)))
      else if (certificate) over(() => resolve(Buffer.from(certificate, 'base64').toString('utf8')))
    }
    const fieldSelector = `metadata.name=${name}`
    const ended = (error?: Error): void => {
      const isRefused = error instanceof ApiError && (error.code === 401 || error.code === 403)
      over(() => (isRefused ? reject(error) : resolve(undefined)))
    }
    const watch = client.watch(certificateSigningRequests, { fieldSelector }, { event: seen, end: ended })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function refused(name: string, why: string): DavitError {
  return new DavitError('DAVIT_JOIN_REFUSED', `the certificate request ${name} was refused: ${why}`)
}
