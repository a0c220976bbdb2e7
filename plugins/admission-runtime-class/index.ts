import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { Pod, RuntimeClass } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { applyClass, denialOf, isNewPod } from './runtime-class.js'

export default definePlugin({
  id: 'admission-runtime-class',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const classes = lookup<RuntimeClass>(caches, 'node.k8s.io', 'runtimeclasses')
    context.tap(hooks.mutate, (object, request) => {
      const name = isNewPod(request) ? (object as Pod).spec?.runtimeClassName : undefined
      if (!name) return undefined
      return classes((known) => applyClass(object as Pod, name, known.get('', name)))
    })
    context.tap(hooks.validate, (request) => {
      if (!isNewPod(request)) return undefined
      const { spec } = request.object as Pod
      const name = spec.runtimeClassName ?? ''
      if (name === '' && spec.overhead === undefined) return undefined
      return classes((known) => denialOf(request, known.get('', name)))
    })
    return {}
  },
})
