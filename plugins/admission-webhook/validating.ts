/** Validating webhooks: all that are concerned are asked at once, and the first refusal in their order counts. */
import type { AdmissionRequest } from '@davit/core/api'
import { ask, askedOf, type WebhookServices } from './call.js'
import type { Configurations, Webhook } from './configurations.js'

export function createValidating(
  services: WebhookServices,
  configurations: Configurations,
): (request: AdmissionRequest) => Promise<undefined> {
  async function one(webhook: Webhook, request: AdmissionRequest, index: number): Promise<void> {
    const asked = await askedOf(services, webhook, request)
    if (asked === undefined) return
    const outcome = await ask(services, webhook, asked, false)
    if (outcome.type === 'open') {
      request.audit(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, webhook.name)
    }
  }
  return async (request) => {
    const webhooks = await configurations.webhooks()
    const results = await Promise.allSettled(webhooks.map((webhook, index) => one(webhook, request, index)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return undefined
  }
}
