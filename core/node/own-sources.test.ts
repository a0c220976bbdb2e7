import { type Clients, type Informer, services } from '../client/contract.js'
import type { Service } from '../kinds/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { createOwnSources } from './own-sources.js'

/** Clients whose informers stop before they know anything, as long as `state.stops`. */
async function site(t: TestContext) {
  const { client, clients, stop } = await boot()
  t.defer(() => stop())
  const spec = { clusterIP: 'None', ports: [{ port: 80 }] }
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec })
  const state = { stops: true }
  const informer: Clients['informer'] = (ref, options) => {
    const real = clients.informer(ref, options)
    if (!state.stops) return real
    const whenSynced: Informer<Service>['whenSynced'] = () => Promise.reject(new Error('the informer was stopped'))
    return Object.create(real, { whenSynced: { value: whenSynced } }) as typeof real
  }
  const stopping = Object.create(clients, { informer: { value: informer } }) as Clients
  return { state, sources: createOwnSources(stopping, client) }
}
const names = (found: readonly Service[]): string[] => found.map(({ metadata }) => metadata.name ?? '')

test('services that could not be followed are asked for anew', async (t) => {
  const { state, sources } = await site(t)
  await assert.rejects(sources.services('default'), /the informer was stopped/)
  state.stops = false
  assert.ok(names(await sources.services('default')).includes('web'))
  sources.close()
})

test('a stop before the services are known is no error of anybody but who asked', async (t) => {
  const { sources } = await site(t)
  const asked = sources.services('default')
  sources.close()
  await assert.rejects(asked, /the informer was stopped/)
  // Were it nobody's, it would be reported by now.
  await new Promise((resolve) => setTimeout(resolve, 20))
})
