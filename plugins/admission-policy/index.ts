import { ApiHooksToken, KindsToken } from '@davit/core/api'
import { ClientsToken, namespaces, validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { createAdmission } from './admission.js'
import { PolicySet } from './policy-set.js'
import { StatusWriter } from './status-writer.js'
import { validatePolicies } from './validation.js'

export default definePlugin({
  id: 'admission-policy',
  api: '^1.0',
  // Before the control stage: what the controllers write is judged, too.
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken, kinds: KindsToken },
  async setup(context, { hooks, clients, kinds }) {
    const client = clients.as({ name: 'system:apiserver', groups: ['system:masters'], manager: 'kube-apiserver' })
    const sources = {
      policies: clients.informer(validatingAdmissionPolicies),
      bindings: clients.informer(validatingAdmissionPolicyBindings),
    }
    const policies = new PolicySet(sources)
    context.defer(policies.follow())
    const writer = new StatusWriter({ client, kinds, log: context.log, signal: context.signal })
    context.defer(writer.follow(sources.policies))
    // Nobody needs to know the namespaces before there is a policy.
    const namespaceInformer = () => clients.informer(namespaces)
    const admit = createAdmission({ policies, hooks, kinds, client, namespaces: namespaceInformer, signal: context.signal })
    context.tap(hooks.validate, validatePolicies)
    context.tap(hooks.validate, (request) => (policies.empty ? undefined : admit(request)))
    return {
      async start() {
        await Promise.all([sources.policies, sources.bindings].map((informer) => informer.whenSynced(context.signal)))
      },
    }
  },
})
