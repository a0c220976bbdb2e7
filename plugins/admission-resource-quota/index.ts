import { ApiHooksToken } from '@davit/core/api'
import { ClientsToken } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { ResourceQuota } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { isCounted } from './charge.js'
import { QuotaLedger } from './ledger.js'

/** Behind every other admission: what is charged and then refused would hold its place until it is counted anew. */
const last = 10_000

export default definePlugin({
  id: 'admission-resource-quota',
  api: '^1.0',
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken, caches: WatchCachesToken },
  async setup(context, { hooks, clients, caches }) {
    const quotas = lookup<ResourceQuota>(caches, '', 'resourcequotas')
    const client = clients.as({ name: 'system:davit', groups: ['system:masters'], manager: 'davit' })
    const ledger = new QuotaLedger(client, context.clock)
    context.tap(
      hooks.validate,
      (request) => {
        if (!isCounted(request)) return undefined
        return quotas((known) => {
          if (known.list(request.namespace).length === 0) return undefined
          return ledger.admit(request, () => known.list(request.namespace))
        })
      },
      { stage: last },
    )
    return {}
  },
})
