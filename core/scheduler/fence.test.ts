import { type Client, ClientsToken, configMaps, nodes, pods } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { ConfigMap } from '../kinds/contract.js'
import { assert, servers, test } from '../testing/contract.js'
import { Bind, Permit } from './contract.js'
import { allowScheduler, schedulerHost } from './testkit.js'

const map = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

/** Policies that keep the clients that they make with the fences that they are given. */
function writers(made: Client[]) {
  return definePlugin({
    id: 'test-writers',
    api: '^1.0',
    requires: { clients: ClientsToken },
    provides: { permits: Permit, binds: Bind },
    async setup(_context, { clients }) {
      const masters = { name: 'writer', groups: ['system:masters'] }
      return {
        provides: {
          permits: {
            name: 'permits',
            async permit(_state, _pod, _node, _signal, fence) {
              made.push(clients.as(masters, fence))
              return undefined
            },
          },
          binds: {
            name: 'binds',
            async bind(_pod, _node, fence) {
              made.push(clients.as(masters, fence))
              return 'skip'
            },
          },
        },
      }
    },
  })
}

test('what permit and bind policies write with their fence is refused once another server leads', async (t) => {
  const all = await servers(t)
  const made: Client[] = []
  const entries = () => [{ plugin: schedulerHost }, { plugin: allowScheduler }, { plugin: writers(made) }]
  const one = await all.boot(entries())
  await all.boot(entries())
  await all.clock.advance(1)
  const node = await one.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  await one.client.updateStatus(nodes, { ...node, status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } } })
  const spec = { containers: [{ name: 'main', image: 'none' }] }
  await one.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec })
  await all.clock.advance(1_000)
  assert.is((await one.client.get(pods, 'default', 'web')).spec.nodeName, 'one')
  assert.is(made.length, 2)
  for (const [index, client] of made.entries()) await client.create(configMaps, map(`map-${index}`))

  one.pause()
  await all.clock.advance(14_500)
  one.resume()
  await all.clock.advance(1)
  for (const client of made) await assert.rejects(() => client.create(configMaps, map('late')), /no longer holds the lease/)
})
