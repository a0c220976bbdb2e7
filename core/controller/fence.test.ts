import { type Grant, GrantToken } from '../api/contract.js'
import { type Client, configMaps } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { ConfigMap } from '../kinds/contract.js'
import { assert, servers, test } from '../testing/contract.js'
import { ControllerToken, watchOf } from './contract.js'
import { controllerHost, grantsOnly } from './testkit.js'

const map = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })
const grant: Grant = {
  user: 'system:controller:mine-controller',
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }],
}
const electing: Grant = {
  user: 'system:kube-controller-manager',
  rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] }],
}

/** A user's controller; `seen` gets the client of each reconcile. */
function mine(seen: Client[]) {
  return definePlugin({
    id: 'test-mine',
    api: '^1.0',
    provides: { controller: ControllerToken, grants: GrantToken, elections: GrantToken },
    async setup() {
      const controller = {
        name: 'mine',
        watches: [watchOf(configMaps, ({ metadata }) => [metadata.name])],
        async reconcile(_key: string, { client }: { readonly client: Client }) {
          seen.push(client)
          return undefined
        },
      }
      return { provides: { controller, grants: grant, elections: electing } }
    },
  })
}

test("a user's controller writes while its server leads, and nothing once another does", async (t) => {
  const all = await servers(t)
  const seen: Client[] = []
  const entries = () => [{ plugin: controllerHost }, { plugin: grantsOnly }, { plugin: mine(seen) }]
  const one = await all.boot(entries())
  await all.boot(entries())
  await all.clock.advance(1)
  await one.client.create(configMaps, map('a'))
  await all.clock.advance(1_000)
  const [client] = seen
  assert.ok(client)
  await client.create(configMaps, map('b'))

  one.pause()
  const late = assert.rejects(() => client.create(configMaps, map('c')), /no longer (holds|as its holder left)/)
  await all.clock.advance(14_500)
  one.resume()
  await all.clock.advance(1)
  await late
  await assert.rejects(() => client.create(configMaps, map('d')), /no longer holds the lease/)
  assert.ok(
    seen.some((other) => other !== client),
    'the other works on',
  )
})
