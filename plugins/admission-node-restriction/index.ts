import { ApiHooksToken } from '@davit/core/api'
import { ClientsToken, isNotFound, nodes } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { checkAudiences, denialOf, type RestrictionSources } from './restriction.js'

export default definePlugin({
  id: 'admission-node-restriction',
  api: '^1.0',
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken },
  async setup(context, { hooks, clients }) {
    const client = clients.as({ name: 'system:davit', groups: ['system:masters'], manager: 'davit' })
    const nodeUid = async (name: string): Promise<string | undefined> => {
      try {
        return (await client.get(nodes, '', name)).metadata.uid
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    }
    const sources: RestrictionSources = { client, authorize: hooks.authorize, nodeUid }
    context.tap(hooks.mutate, (_object, request) => checkAudiences(request, sources))
    context.tap(hooks.validate, (request) => denialOf(request, sources))
    return {}
  },
})
