import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { awaitsDefaultClass, defaultStorageClass, type PersistentVolumeClaim, type StorageClass } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'

export default definePlugin({
  id: 'admission-default-storage-class',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const classes = lookup<StorageClass>(caches, 'storage.k8s.io', 'storageclasses')
    context.tap(hooks.mutate, (object, { operation, kind, subresource }) => {
      if (operation !== 'CREATE' || kind.resource !== 'persistentvolumeclaims' || kind.group !== '' || subresource !== '') {
        return undefined
      }
      const claim = object as PersistentVolumeClaim
      // Empty is an answer: it wants a volume without a class.
      if (!awaitsDefaultClass(claim)) return undefined
      return classes((known) => {
        const name = defaultStorageClass(known.list())?.metadata.name
        if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name }
        return undefined
      })
    })
    return {}
  },
})
