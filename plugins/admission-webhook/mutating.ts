/** Mutating webhooks: one after the other, each sees what those before it have changed. */
import type { AdmissionRequest, ApiHooks } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import { applyDefaults, decode, equalJson, jsonPatch, type KubeObject, type ResourceKind } from '@davit/core/kinds'
import { ask, askedOf, type WebhookServices } from './call.js'
import type { Configurations, Webhook } from './configurations.js'
import type { Asked } from './review.js'

/** Of one request: what of its first round decides about the second. */
interface Rounds {
  /** Wants to be asked again if something changes behind it. */
  readonly waiting: Set<string>
  readonly again: Set<string>
  changed: boolean
  /** What the webhooks of the first round made. */
  output: KubeObject | undefined
}

/**
 * After a change the cluster's own admission is asked once more, and with it those webhooks that want to be and were asked
 * before the change: a container that one adds must get what is due to every container.
 */
export function createMutating(
  services: WebhookServices,
  configurations: Configurations,
  hooks: Pick<ApiHooks, 'mutate'>,
): (object: KubeObject, request: AdmissionRequest) => Promise<KubeObject | undefined> {
  const second = new WeakMap<AdmissionRequest, Rounds>()

  async function round(object: KubeObject, request: AdmissionRequest, rounds: Rounds, number: 0 | 1): Promise<KubeObject> {
    let current = object
    for (const [index, webhook] of (await configurations.webhooks()).entries()) {
      if (number === 1 && !rounds.again.has(webhook.key)) continue
      const now = { ...request, object: current }
      const asked = await askedOf(services, webhook, now)
      if (asked === undefined) continue
      const { object: next, changed } = await mutateOnce(services, webhook, now, asked, `round_${number}_index_${index}`)
      if (changed) {
        rounds.changed = true
        callAgain(rounds)
      }
      if (webhook.spec.reinvocationPolicy === 'IfNeeded') rounds.waiting.add(webhook.key)
      current = next
    }
    return current
  }

  return async (object, request) => {
    // A delete has nothing that could be changed, and comes by the other slot alone.
    const repeated = second.get(request)
    if (repeated) {
      if (!equalJson(repeated.output, object)) callAgain(repeated)
      return repeated.again.size === 0 ? undefined : round(object, request, repeated, 1)
    }
    const rounds: Rounds = { waiting: new Set(), again: new Set(), changed: false, output: undefined }
    const first = await round(object, request, rounds, 0)
    if (!rounds.changed) return first
    // Taps may change in place what they get.
    rounds.output = structuredClone(first)
    second.set(request, rounds)
    try {
      return (await hooks.mutate.call(first, request)) ?? first
    } finally {
      second.delete(request)
    }
  }
}

function callAgain({ waiting, again }: Rounds): void {
  for (const key of waiting) again.add(key)
  waiting.clear()
}

async function mutateOnce(
  services: WebhookServices,
  webhook: Webhook,
  request: AdmissionRequest & { readonly object: KubeObject },
  asked: Asked,
  place: string,
): Promise<{ readonly object: KubeObject; readonly changed: boolean }> {
  const outcome = await ask(services, webhook, asked, true)
  const { name, configuration } = webhook
  if (outcome.type === 'open') request.audit(`failed-open.mutation.webhook.admission.k8s.io/${place}`, name)
  const patch = outcome.type === 'answered' ? outcome.verdict.patch : undefined
  const unchanged = { object: request.object, changed: false }
  const made = isEmpty(patch) ? unchanged : await patched(services, webhook, request, asked.object, asked.kind, patch)
  const annotation = JSON.stringify({ configuration, webhook: name, mutated: made.changed })
  request.audit(`mutation.webhook.admission.k8s.io/${place}`, annotation)
  return made
}

const isEmpty = (patch: unknown): boolean => patch === undefined || patch === null || (Array.isArray(patch) && patch.length === 0)

async function patched(
  services: WebhookServices,
  webhook: Webhook,
  request: AdmissionRequest & { readonly object: KubeObject },
  asked: KubeObject | undefined,
  kind: ResourceKind,
  patch: unknown,
): Promise<{ readonly object: KubeObject; readonly changed: boolean }> {
  if (asked === undefined || request.operation === 'CONNECT') throw unpatchable(webhook)
  const result = jsonPatch(asked, patch)
  if (!result.ok) throw ApiError.internal(new Error(result.message))
  // Read like any object that is sent: what the kind does not know is pruned.
  const schema = services.kinds.kind(asked.apiVersion, asked.kind) ?? kind
  const decoded = decode(schema, result.object, { unknownFields: 'drop' })
  const [problem] = decoded.errors
  if (problem) throw ApiError.internal(new Error(`${problem.field}: ${problem.message}`))
  const converted = kind === request.kind ? decoded.object : await services.matcher.convert(decoded.object, kind, request.kind)
  // What is converted may share parts with what is frozen.
  const object = kind === request.kind ? converted : structuredClone(converted)
  applyDefaults(request.kind, object)
  return { object, changed: !equalJson(object, request.object) }
}

function unpatchable({ name }: Webhook): ApiError {
  const text = `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`
  return ApiError.internal(new Error(text))
}
