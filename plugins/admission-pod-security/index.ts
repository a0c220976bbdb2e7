import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { Namespace, Pod } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { podSecurityConfig } from './config.js'
import { isConcerned, PodSecurity } from './pod-security.js'
import { defaultPolicy } from './policy.js'

export default definePlugin({
  id: 'admission-pod-security',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  config: podSecurityConfig,
  async setup(context, { hooks, caches }) {
    const { config, clock } = context
    const namespaces = lookup<Namespace>(caches, '', 'namespaces')
    const pods = lookup<Pod>(caches, '', 'pods')
    const security = new PodSecurity({ defaults: defaultPolicy(config), config, pods, clock })
    context.tap(hooks.validate, (request) => {
      if (!isConcerned(request)) return undefined
      return namespaces((known) => security.check(request, known.get('', request.namespace || request.name)))
    })
    return {}
  },
})
