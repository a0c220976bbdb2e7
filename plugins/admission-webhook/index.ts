import { ApiHooksToken, createRuleMatcher, KindsToken, WebhookCallerToken } from '@davit/core/api'
import { ClientsToken, mutatingWebhookConfigurations, namespaces, validatingWebhookConfigurations } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { Conditions } from './conditions.js'
import { Configurations } from './configurations.js'
import { isExempt } from './exempt.js'
import { createMutating } from './mutating.js'
import { createValidating } from './validating.js'
import { checkConditions } from './validation.js'

/** Behind the taps of the cluster's own admission, whose changes webhooks shall see; quotas are counted later still. */
const stage = 100

export default definePlugin({
  id: 'admission-webhook',
  api: '^1.0',
  stage: 'cache',
  requires: { hooks: ApiHooksToken, kinds: KindsToken, clients: ClientsToken, caller: WebhookCallerToken },
  async setup(context, { hooks, kinds, clients, caller }) {
    const { ids, log } = context
    const mutating = new Configurations(clients.informer(mutatingWebhookConfigurations))
    const validating = new Configurations(clients.informer(validatingWebhookConfigurations))
    context.defer(mutating.follow())
    context.defer(validating.follow())
    const services = {
      kinds,
      ids,
      log,
      caller,
      matcher: createRuleMatcher(kinds),
      conditions: new Conditions(hooks.authorize),
      namespaces: () => clients.informer(namespaces),
    }
    const mutate = createMutating(services, mutating, hooks)
    const validate = createValidating(services, validating)
    context.tap(hooks.mutate, (object, request) => (isExempt(request) || mutating.empty ? undefined : mutate(object, request)), {
      stage,
    })
    context.tap(hooks.validate, (request) => (isExempt(request) || validating.empty ? undefined : validate(request)), { stage })
    context.tap(hooks.validate, checkConditions)
    return {
      async start() {
        await Promise.all([mutating.whenSynced(context.signal), validating.whenSynced(context.signal)])
      },
    }
  },
})
