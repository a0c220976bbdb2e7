import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { PersistentVolumeClaim, StorageClass } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { isGrowing, protect, resizeDenial } from './storage.js'

export default definePlugin({
  id: 'admission-storage-in-use',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const classes = lookup<StorageClass>(caches, 'storage.k8s.io', 'storageclasses')
    context.tap(hooks.mutate, (object, request) => protect(object, request))
    context.tap(hooks.validate, (request) => {
      if (!isGrowing(request)) return undefined
      const { spec } = request.object as PersistentVolumeClaim
      return classes((known) => resizeDenial(request, known.get('', spec?.storageClassName ?? '')))
    })
    return {}
  },
})
