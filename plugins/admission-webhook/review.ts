/** The question that a webhook is asked, and what its answer means. `AdmissionReview` of `admission.k8s.io`. */
import type { AdmissionRequest } from '@davit/core/api'
import { type KubeObject, parseJson, type ResourceKind, type Subresource } from '@davit/core/kinds'

export type ReviewVersion = 'v1' | 'v1beta1'

/** The objects of a request as the webhook wants them: `kind` is the request's own or an equivalent one. */
export interface Asked {
  readonly request: AdmissionRequest
  readonly kind: ResourceKind
  readonly object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
}

/** `undefined`: the webhook wants a form that nobody here speaks. */
export function reviewVersion(versions: readonly string[]): ReviewVersion | undefined {
  return versions.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1')
}

export function reviewOf(version: ReviewVersion, uid: string, { request, kind, object, oldObject }: Asked): object {
  const { subresource, operation, user, dryRun } = request
  const { name, namespace } = placeOf(request)
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: kindOf(kind, subresource, object ?? oldObject),
      resource: resourceOf(kind),
      ...(subresource === '' ? {} : { subResource: subresource }),
      requestKind: kindOf(request.kind, subresource, request.object ?? request.oldObject),
      requestResource: resourceOf(request.kind),
      ...(subresource === '' ? {} : { requestSubResource: subresource }),
      ...(name === '' ? {} : { name }),
      ...(namespace === '' ? {} : { namespace }),
      operation,
      userInfo: {
        username: user.name,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: user.groups,
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      },
      object: object === undefined ? null : sent(request, object),
      oldObject: oldObject ?? null,
      dryRun,
      options: request.options?.() ?? null,
    },
  }
}

/** Of a Namespace itself its own name, as Kubernetes has it. */
function placeOf({ kind, name, namespace }: AdmissionRequest): { name: string; namespace: string } {
  return { name, namespace: kind.group === '' && kind.resource === 'namespaces' ? name : namespace }
}

/** Options of a connection are no object with metadata. */
function sent({ operation }: AdmissionRequest, object: KubeObject): object {
  if (operation !== 'CONNECT') return object
  const { metadata: _metadata, ...options } = object
  return options
}

/** A subresource has a kind of its own, which the object tells. */
function kindOf(kind: ResourceKind, subresource: string, object: KubeObject | undefined): object {
  const own: Subresource['kind'] = subresource === '' ? undefined : kind.subresources.get(subresource)?.kind
  if (own === undefined || object === undefined || object.kind !== own.kind) {
    return { group: kind.group, version: kind.version, kind: kind.kind }
  }
  const [version = '', group = ''] = object.apiVersion.split('/').reverse()
  return { group, version, kind: own.kind }
}

function resourceOf({ group, version, resource }: ResourceKind): object {
  return { group, version, resource }
}

export interface Verdict {
  readonly allowed: boolean
  /** A Status, of which any part may be missing. */
  readonly status: WebhookStatus | undefined
  /** Operations of a JSON patch, not checked yet. */
  readonly patch: unknown
  readonly warnings: readonly string[]
  readonly auditAnnotations: ReadonlyMap<string, string>
}
export interface WebhookStatus {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details: object | undefined
}
export type Answer = { readonly ok: true; readonly verdict: Verdict } | { readonly ok: false; readonly problem: string }

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The problems are in Kubernetes' words. */
export function readAnswer(value: unknown, version: ReviewVersion, uid: string, mutating: boolean): Answer {
  const problem = (text: string): Answer => ({ ok: false, problem: `received invalid webhook response: ${text}` })
  if (!isTree(value)) return problem('webhook response was absent')
  const { response } = value
  if (!isTree(response)) return problem('webhook response was absent')
  if (version === 'v1') {
    if (response.uid !== uid)
      return problem(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(textOf(response.uid))}`)
    const found = `${textOf(value.apiVersion)}, Kind=${textOf(value.kind)}`
    const wanted = 'admission.k8s.io/v1, Kind=AdmissionReview'
    if (found !== wanted) return problem(`expected webhook response of ${wanted}, got ${found}`)
    const wrong = patchProblem(response, mutating)
    if (wrong !== undefined) return problem(wrong)
  }
  const patch = mutating ? decodePatch(response.patch) : { operations: undefined }
  if (patch === undefined) return problem('response.patch is no JSON')
  return { ok: true, verdict: verdictOf(response, patch.operations) }
}

function patchProblem({ patch, patchType }: Tree, mutating: boolean): string | undefined {
  const hasPatch = textOf(patch) !== ''
  const hasType = patchType !== undefined && patchType !== null
  if (!mutating) {
    if (hasPatch) return 'validating webhook may not return response.patch'
    return hasType ? 'validating webhook may not return response.patchType' : undefined
  }
  if (hasPatch && !hasType) return 'webhook returned response.patch but not response.patchType'
  if (!hasPatch && hasType) return 'webhook returned response.patchType but not response.patch'
  return hasType && patchType !== 'JSONPatch'
    ? `webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`
    : undefined
}

function decodePatch(patch: unknown): { readonly operations: unknown } | undefined {
  if (textOf(patch) === '') return { operations: undefined }
  try {
    return { operations: parseJson(Buffer.from(textOf(patch), 'base64').toString('utf8')) as unknown }
  } catch {
    return undefined
  }
}

function verdictOf(response: Tree, patch: unknown): Verdict {
  const { status, warnings, auditAnnotations } = response
  const pairs = isTree(auditAnnotations) ? Object.entries(auditAnnotations) : []
  return {
    allowed: response.allowed === true,
    status: isTree(status) ? statusOf(status) : undefined,
    patch,
    warnings: Array.isArray(warnings) ? warnings.map(textOf).filter(Boolean) : [],
    auditAnnotations: new Map(pairs.map(([key, text]) => [key, textOf(text)])),
  }
}

function statusOf({ code, reason, message, details }: Tree): WebhookStatus {
  const number = Number.isInteger(code) ? (code as number) : 0
  return { code: number, reason: textOf(reason), message: textOf(message), details: isTree(details) ? details : undefined }
}
