import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { Node } from '@davit/core/kinds'
import { taintUnready } from './taint.js'

export default definePlugin({
  id: 'admission-node-taint',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.mutate, (object, { operation, kind, subresource }) => {
      if (operation !== 'CREATE' || kind.resource !== 'nodes' || kind.group !== '' || subresource !== '') return undefined
      return taintUnready(object as Node)
    })
    return {}
  },
})
