import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { LimitRange } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { setDefaults } from './defaults.js'
import { denialOf, isChecked, isNewPod } from './limits.js'

export default definePlugin({
  id: 'admission-limit-ranger',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const ranges = lookup<LimitRange>(caches, '', 'limitranges')
    context.tap(hooks.mutate, (object, request) => {
      if (!isNewPod(request)) return undefined
      return ranges((known) => setDefaults(object, known.list(request.namespace)))
    })
    context.tap(hooks.validate, (request) => {
      if (!isChecked(request)) return undefined
      return ranges((known) => denialOf(request, known.list(request.namespace)))
    })
    return {}
  },
})
