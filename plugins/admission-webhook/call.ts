/** One webhook is asked about one request. */
import { type AdmissionRequest, admittedNamespace, type RuleMatcher, type WebhookCaller } from '@davit/core/api'
import { ApiError, type FailureStatus, type Informer } from '@davit/core/client'
import type { Ids, Logger } from '@davit/core/kernel'
import type { KindRegistry, KubeObject, Namespace, ResourceKind } from '@davit/core/kinds'
import type { Conditions } from './conditions.js'
import type { Webhook } from './configurations.js'
import { type Asked, readAnswer, reviewOf, reviewVersion, type Verdict } from './review.js'

export interface WebhookServices {
  readonly kinds: KindRegistry
  readonly ids: Ids
  readonly log: Logger
  readonly caller: WebhookCaller
  readonly matcher: RuleMatcher
  readonly conditions: Conditions
  /** Made on first use: without webhooks nobody needs it. */
  readonly namespaces: () => Informer<Namespace>
}
/** `open`: it failed, and its owner wants such requests to pass. */
export type Outcome = { readonly type: 'answered'; readonly verdict: Verdict } | { readonly type: 'open' }

/** The request as the webhook wants to hear of it; undefined where it is not its business. Rejects where nobody can tell. */
export async function askedOf(
  services: WebhookServices,
  webhook: Webhook,
  request: AdmissionRequest,
): Promise<Asked | undefined> {
  const kind = await matches(services, webhook, request)
  if (kind === undefined) return undefined
  const asked = await askedAs(services, request, kind)
  return (await services.conditions.hold(webhook, asked)) ? asked : undefined
}

async function matches(
  services: WebhookServices,
  webhook: Webhook,
  request: AdmissionRequest,
): Promise<ResourceKind | undefined> {
  const name = admittedNamespace(request)
  if (name === '') return services.matcher.match(webhook.criteria, request, undefined)
  const namespaces = services.namespaces()
  if (!namespaces.synced) await namespaces.whenSynced()
  return services.matcher.match(webhook.criteria, request, namespaces.get('', name))
}

/** The objects of the request in the form that the webhook wants. */
async function askedAs(services: WebhookServices, request: AdmissionRequest, kind: ResourceKind): Promise<Asked> {
  const convert = async (object: KubeObject | undefined): Promise<KubeObject | undefined> =>
    object && request.operation !== 'CONNECT' ? services.matcher.convert(object, request.kind, kind) : object
  return { request, kind, object: await convert(request.object), oldObject: await convert(request.oldObject) }
}

/** Throws the refusal where the webhook denies, or fails and must not. Warnings and annotations are told on the way. */
export async function ask(services: WebhookServices, webhook: Webhook, asked: Asked, mutating: boolean): Promise<Outcome> {
  const { name, spec } = webhook
  const { request } = asked
  if (request.dryRun && spec.sideEffects !== 'None' && spec.sideEffects !== 'NoneOnDryRun') {
    throw ApiError.badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`)
  }
  const answer = await exchange(services, webhook, asked, mutating)
  if (typeof answer === 'string') return failed(services, webhook, answer)
  for (const [key, value] of answer.auditAnnotations) request.audit(`${name}/${key}`, value)
  for (const warning of answer.warnings) request.warn(warning)
  if (!answer.allowed) throw denied(name, answer)
  return { type: 'answered', verdict: answer }
}

/** The verdict, or what went wrong. */
async function exchange(
  services: WebhookServices,
  { spec }: Webhook,
  asked: Asked,
  mutating: boolean,
): Promise<Verdict | string> {
  const version = reviewVersion(spec.admissionReviewVersions)
  if (version === undefined) return 'webhook does not accept known AdmissionReview versions (v1, v1beta1)'
  const uid = services.ids.uuid()
  const seconds = spec.timeoutSeconds ?? 10
  const reply = await services.caller.call({
    clientConfig: spec.clientConfig as Parameters<WebhookCaller['call']>[0]['clientConfig'],
    body: reviewOf(version, uid, asked),
    timeoutMs: seconds * 1000,
    query: { timeout: `${seconds}s` },
  })
  if (!reply.ok) return `failed to call webhook: ${reply.message}`
  const answer = readAnswer(reply.value, version, uid, mutating)
  return answer.ok ? answer.verdict : answer.problem
}

function failed({ log }: WebhookServices, webhook: Webhook, reason: string): Outcome {
  const { name, configuration, spec } = webhook
  const text = `failed calling webhook ${JSON.stringify(name)}: ${reason}`
  if (spec.failurePolicy !== 'Ignore') throw ApiError.internal(new Error(text))
  log.warn({ configuration, webhook: name, reason }, 'a webhook failed; the request passes, as its failurePolicy says')
  return { type: 'open' }
}

/** A code that is no refusal becomes one. */
function denied(name: string, { status }: Verdict): ApiError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`
  const why = status?.message || status?.reason
  const message = why ? `${by}: ${why}` : `${by} without explanation`
  const code = status && status.code >= 400 ? status.code : 400
  return ApiError.denied(code, status?.reason ?? '', message, status?.details as FailureStatus['details'])
}
