import { ApiHooksToken, RuleListerToken } from '@davit/core/api'
import { ClientsToken, persistentVolumeClaims, persistentVolumes, pods, volumeAttachments } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { Graph, type StorageSources } from './graph.js'
import { judge, nodeNameOf } from './verdict.js'

/** Behind the other authorizers: what none of them allows gets this one's reason. */
const afterOthers = 1000

export default definePlugin({
  id: 'authorizer-node',
  api: '^1.0',
  // Before the nodes' own requests.
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken },
  provides: { rules: RuleListerToken },
  async setup(context, { hooks, clients }) {
    let storage: Promise<StorageSources> | undefined
    const follow = async (): Promise<StorageSources> => {
      const sources = {
        claims: clients.informer(persistentVolumeClaims),
        volumes: clients.informer(persistentVolumes),
        attachments: clients.informer(volumeAttachments),
      }
      await Promise.all(Object.values(sources).map((informer) => informer.whenSynced(context.signal)))
      return sources
    }
    const podInformer = clients.informer(pods)
    const graph = new Graph(podInformer, () => {
      storage ??= follow()
      return storage
    })
    context.tap(hooks.authorize, async (request) => {
      const node = nodeNameOf(request.user)
      if (node === '') return undefined
      const verdict = await judge(graph, node, request)
      return verdict.allowed ? verdict : undefined
    })
    const refuse: typeof hooks.authorize.call = async (request) => {
      const node = nodeNameOf(request.user)
      return node === '' ? undefined : judge(graph, node, request)
    }
    context.tap(hooks.authorize, refuse, { stage: afterOthers })
    const incomplete = 'node authorizer does not support user rule resolution'
    return {
      provides: {
        rules: { rulesOf: (user) => (nodeNameOf(user) === '' ? { rules: [] } : { rules: [], incomplete }) },
      },
      start: () => podInformer.whenSynced(context.signal),
    }
  },
})
