import { ClientsToken, pods } from '@davit/core/client'
import { definePlugin, Type } from '@davit/core/kernel'
import { Reserve, type ReservePolicy } from '@davit/core/scheduler'

/**
 * A reservation holds something that the scheduler does not count itself. Here: permission to start. So many Pods may be
 * on their way on a node at once, and the next get theirs when one of those runs, which keeps a node that comes back
 * from starting everything at the same time.
 *
 * `reserve` and `unreserve` are two halves of one thing: `unreserve` may be called twice, and without a `reserve`.
 */
export default definePlugin({
  id: 'reserve-start-limit',
  api: '^1.0',
  requires: { clients: ClientsToken },
  provides: { reserve: Reserve },
  config: {
    version: 1,
    schema: Type.Object({
      atOnce: Type.Integer({ minimum: 1, default: 4, description: 'How many Pods may be starting on a node at once.' }),
    }),
  },
  async setup(context, { clients }) {
    const { atOnce } = context.config
    const starting = new Map<string, string>()
    const reserve: ReservePolicy = {
      name: 'start-limit',
      reserve(_cycle, { key }, node) {
        const busy = [...starting.values()].filter((other) => other === node).length
        if (busy >= atOnce) return { reason: `node is starting ${atOnce} Pods already` }
        starting.set(key, node)
        return undefined
      },
      unreserve(_cycle, { key }) {
        starting.delete(key)
      },
    }
    // Every reservation ends: the Pod gets its node and runs or fails there, or it goes.
    const end = ({ metadata }: { metadata: { namespace?: string | undefined; name: string } }) =>
      void starting.delete(`${metadata.namespace}/${metadata.name}`)
    context.defer(
      clients.informer(pods).on({
        updated(pod) {
          if (pod.status?.phase !== undefined && pod.status.phase !== 'Pending') end(pod)
        },
        deleted: end,
      }),
    )
    return { provides: { reserve } }
  },
})
