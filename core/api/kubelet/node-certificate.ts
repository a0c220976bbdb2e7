/** The certificate by which the nodes of this process serve. */
import type { KeyObject } from 'node:crypto'
import type { KeyAndCertificate, NodeIdentity } from '../../client/contract.js'
import { nodeIdentity } from '../../client/contract.js'
import type { Clock, Logger, Timer } from '../../kernel/contract.js'
import type { CertificateSigner } from '../contract.js'
import { createKey, createSigningRequest, issueCertificate } from '../http/certificate.js'

export interface NodeCertificateOptions {
  readonly nodes: readonly string[]
  /** Of an agent; else the CA of this process signs. */
  readonly identity: NodeIdentity | undefined
  readonly signer: CertificateSigner | undefined
  readonly clock: Clock
  readonly log: Logger
  /** Called with each new one, and not after the undo. */
  changed(pair: KeyAndCertificate): void
}
type Defer = (undo: () => void) => void

const dayMs = 86_400_000
const lifetimeMs = 365 * dayMs
const firstRetryMs = 1_000
const longestRetryMs = 300_000

/** Rejects where the CA of this process cannot sign at once; later it is tried again for ever. */
export async function keepNodeCertificate(options: NodeCertificateOptions, defer: Defer): Promise<void> {
  const { identity, signer } = options
  if (identity) defer(identity.serve(options.changed))
  else if (signer) await keepOwn(options, signer, defer)
}

/** For the time until there is another. */
export async function selfSigned(now: number): Promise<KeyAndCertificate> {
  const key = await createKey()
  const request = { commonName: 'davit-node', key, purpose: 'server', notBefore: now - dayMs, notAfter: now + dayMs } as const
  return { key: pem(key), certificate: issueCertificate(request, { commonName: 'davit-node', key }) }
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The CA of this process signs, at each start and long before the end. */
async function keepOwn(options: NodeCertificateOptions, signer: CertificateSigner, defer: Defer): Promise<void> {
  const { nodes, clock, log, changed } = options
  let closed = false
  let timer: Timer | undefined
  defer(() => {
    closed = true
    timer?.cancel()
  })
  const renew = async (): Promise<void> => {
    const key = await createKey()
    const { name, groups } = nodeIdentity(nodes[0] ?? '')
    const request = createSigningRequest({ commonName: name, organizations: groups, key, dnsNames: nodes })
    const certificate = await signer.sign(request, { usages: ['digital signature', 'server auth'], lifetimeMs })
    if (!closed) changed({ key: pem(key), certificate })
  }
  const later = (ms: number, failures: number): void => {
    // Whoever stopped while one was being signed wants no timer any more.
    if (!closed) timer = clock.setTimer(ms, () => void again(failures), { unref: true })
  }
  const again = (failures: number): Promise<void> =>
    renew().then(
      () => later(lifetimeMs * 0.8, 0),
      (error: unknown) => {
        log.error({ error: String(error) }, 'the certificate of the nodes could not be renewed; it is tried again')
        later(Math.min(longestRetryMs, firstRetryMs * 2 ** failures), failures + 1)
      },
    )
  await renew()
  later(lifetimeMs * 0.8, 0)
}
