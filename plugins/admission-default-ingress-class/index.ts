import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { Ingress, IngressClass } from '@davit/core/kinds'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import { defaultClass } from './default-class.js'

/** The way to name a class from before there were objects of it. */
const oldName = 'kubernetes.io/ingress.class'

export default definePlugin({
  id: 'admission-default-ingress-class',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const classes = lookup<IngressClass>(caches, 'networking.k8s.io', 'ingressclasses')
    context.tap(hooks.mutate, (object, { operation, kind, subresource }) => {
      if (operation !== 'CREATE' || kind.resource !== 'ingresses' || subresource !== '') return undefined
      const ingress = object as Ingress
      if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[oldName] !== undefined) return undefined
      return classes((known) => {
        const name = defaultClass(known.list())?.metadata.name
        if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name }
        return undefined
      })
    })
    return {}
  },
})
