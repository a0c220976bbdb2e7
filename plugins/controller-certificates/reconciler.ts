/** Takes each request one step on: approve, sign, clear away. */
import type { ApiHooks, CertificateSigner, RequestedCertificate } from '@davit/core/api'
import { certificateSigningRequests, edit, type Informer, isNotFound } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  type ReconcileContext,
  type ReconcileResult,
  timestamp,
  watchOf,
} from '@davit/core/controller'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '@davit/core/kinds'
import { conditionOf, endOf } from './age.js'
import { nameProblem } from './reserved-names.js'
import { isBuiltIn, kubeletClient, kubeletServing, nodeNameOf, problemOf } from './signers.js'

export interface CertificateServices {
  readonly signer: CertificateSigner
  readonly authorize: ApiHooks['authorize']
  /** Of a certificate, in milliseconds. */
  readonly longestMs: number
}

const shortestMs = 600_000

/** Rights to certificates of a node, as subresources of requests; the first that somebody has decides what is said. */
interface Right {
  readonly subresource: string
  readonly what: string
}
const clients: readonly Right[] = [
  { subresource: 'selfnodeclient', what: 'self kubelet client' },
  { subresource: 'nodeclient', what: 'kubelet client' },
]
const serving: readonly Right[] = [{ subresource: 'selfnodeserver', what: 'self kubelet serving' }]

export class CertificateReconciler implements Controller {
  readonly name = 'certificate'
  readonly watches: readonly ControllerWatch[] = [watchOf(certificateSigningRequests, ({ metadata }) => [metadata.name])]
  readonly #services: CertificateServices
  #requests: Informer<CertificateSigningRequest> | undefined

  constructor(services: CertificateServices) {
    this.#services = services
  }

  start(host: ControllerHost): void {
    this.#requests = host.informer(certificateSigningRequests)
  }

  stop(): void {
    this.#requests = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const request = this.#requests?.get('', key)
    if (!request || request.metadata.deletionTimestamp) return undefined
    const left = endOf(request) - context.clock.now()
    if (left <= 0) {
      await remove(request, context)
      return undefined
    }
    const decided = ['Approved', 'Denied', 'Failed'].some((type) => conditionOf(request, type))
    if (!decided) await this.#decide(request, context)
    else if (this.#isToSign(request)) await this.#sign(request, context)
    return { requeueAfterMs: left }
  }

  #isToSign(request: CertificateSigningRequest): boolean {
    if (!isBuiltIn(request.spec.signerName) || request.status?.certificate) return false
    return ['Denied', 'Failed'].every((type) => !conditionOf(request, type))
  }

  /**
   * Approves only for a node that asks for its own certificate, and only where somebody gave it the right to. A name that can
   * never be signed is denied at once, for whoever waits.
   */
  async #decide(request: CertificateSigningRequest, context: ReconcileContext): Promise<void> {
    const { signerName, usages = [], username = '' } = request.spec
    if (!isOfNodes(signerName)) return
    const asked = await this.#read(request)
    if (typeof asked === 'string' || problemOf(signerName, usages, asked) !== undefined) return
    const problem = nameProblem(asked, this.#services.signer.own)
    if (problem !== undefined) {
      await decide(request, 'approval', { type: 'Denied', reason: 'NameReserved', message: problem }, context)
      return
    }
    const own = asked.commonName === username
    if (signerName === kubeletServing && !(own && isForNameAlone(asked))) return
    const kinds = signerName === kubeletServing ? serving : own ? clients : clients.slice(1)
    for (const { subresource, what } of kinds) {
      if (!(await this.#mayCreate(request, subresource))) continue
      const message = `Auto approving ${what} certificate after SubjectAccessReview.`
      await decide(request, 'approval', { type: 'Approved', reason: 'AutoApproved', message }, context)
      return
    }
  }

  async #mayCreate({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const { username = '', groups = [] } = spec
    if (groups.includes('system:masters')) return true
    const target = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests', subresource }
    const asked = { user: { name: username, groups }, verb: 'create', ...target, namespace: '', name: '', path: '' }
    return (await this.#services.authorize.call(asked))?.allowed === true
  }

  async #sign(request: CertificateSigningRequest, context: ReconcileContext): Promise<void> {
    const { signerName, usages = [], expirationSeconds } = request.spec
    const { signer, longestMs } = this.#services
    const asked = await this.#read(request)
    const problem = typeof asked === 'string' ? asked : this.#problemOf(signerName, usages, asked)
    if (problem !== undefined) {
      await decide(request, 'status', { type: 'Failed', reason: 'SignerValidationFailure', message: problem }, context)
      return
    }
    const wanted = expirationSeconds === undefined ? longestMs : expirationSeconds * 1000
    const lifetimeMs = Math.min(longestMs, Math.max(shortestMs, wanted))
    const certificate = await signer.sign(textOf(request), { usages, lifetimeMs })
    const changed = edit(request, (draft) => {
      draft.status = { ...draft.status, certificate: Buffer.from(certificate).toString('base64') }
    })
    await context.client.updateStatus(certificateSigningRequests, changed, { cause: context.cause })
  }

  #problemOf(signerName: string, usages: readonly string[], asked: RequestedCertificate): string | undefined {
    const problem = problemOf(signerName, usages, asked)
    return problem ?? (isOfNodes(signerName) ? nameProblem(asked, this.#services.signer.own) : undefined)
  }

  async #read(request: CertificateSigningRequest): Promise<RequestedCertificate | string> {
    try {
      return await this.#services.signer.read(textOf(request))
    } catch (error) {
      return `unable to parse csr: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

const isOfNodes = (signerName: string): boolean => signerName === kubeletClient || signerName === kubeletServing

/** Its addresses a node says itself, so that it could call itself by those of another. */
function isForNameAlone({ commonName, dnsNames, ipAddresses }: RequestedCertificate): boolean {
  return ipAddresses.length === 0 && dnsNames.every((name) => name === nodeNameOf(commonName))
}

const textOf = ({ spec }: CertificateSigningRequest): string => Buffer.from(spec.request, 'base64').toString('latin1')

async function decide(
  request: CertificateSigningRequest,
  subresource: string,
  condition: Pick<CertificateSigningRequestCondition, 'type' | 'reason' | 'message'>,
  { client, cause, clock }: ReconcileContext,
): Promise<void> {
  const now = timestamp(clock.now())
  const added = { ...condition, status: 'True', lastUpdateTime: now, lastTransitionTime: now }
  const changed = edit(request, (draft) => {
    draft.status = { ...draft.status, conditions: [...(draft.status?.conditions ?? []), added] }
  })
  await client.update(certificateSigningRequests, changed, { subresource, cause })
}

async function remove({ metadata }: CertificateSigningRequest, { client, cause }: ReconcileContext): Promise<void> {
  const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid }
  try {
    await client.delete(certificateSigningRequests, '', metadata.name, { preconditions, cause })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
