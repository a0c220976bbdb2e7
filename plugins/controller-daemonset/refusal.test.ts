import { ApiHooksToken } from '@davit/core/api'
import { daemonSets, events, namespaces, pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { assert, test } from '@davit/core/testing'
import { change, daemonSet, plane, podsOf, serveAll, stored, template } from './testing.js'

/** Refuses Pods as a quota would, while `on`, and counts. */
function quota() {
  const state = { on: true, refused: 0 }
  const plugin = definePlugin({
    id: 'test-quota',
    api: '^1.0',
    stage: 'cache',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, ({ kind, operation }) => {
        if (!state.on || kind.resource !== 'pods' || operation !== 'CREATE') return undefined
        state.refused += 1
        return { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
      })
      return {}
    },
  })
  return { state, plugin }
}

test('a refusal is told, found out by one call, tried again, and gone when it is resolved', async (t) => {
  const { state, plugin } = quota()
  const at = await plane(t, 20, [{ plugin }])
  await at.client.create(daemonSets, daemonSet())
  await at.quiet()
  assert.ok(state.refused <= 3, `${state.refused} calls, and not one for each node`)
  const [event] = (await at.client.list(events, { namespace: 'default' })).items
  assert.equal([event?.type, event?.reason, event?.source?.component], ['Warning', 'FailedCreate', 'daemonset-controller'])
  assert.match(event?.message ?? '', /^Error creating: .*exceeded quota/)
  const { status } = await stored(at.client)
  assert.equal([status?.desiredNumberScheduled, status?.currentNumberScheduled, status?.numberUnavailable], [20, 0, 20])
  at.writes()
  await at.pass(200)
  assert.equal(at.writes(), [], 'trying again writes nothing')
  state.on = false
  await at.pass(10_000)
  assert.is((await podsOf(at.client)).length, 20)
})

test('a roll-out under a quota removes no more Pods than it may', async (t) => {
  const { state, plugin } = quota()
  state.on = false
  const at = await plane(t, 3, [{ plugin }])
  await at.client.create(daemonSets, daemonSet())
  await serveAll(at)
  state.on = true
  await change(at.client, { template: template('agent:2') })
  await at.pass(60_000)
  assert.is((await podsOf(at.client)).length, 2)
  state.on = false
  await at.pass(120_000)
  await serveAll(at)
  assert.is((await podsOf(at.client)).length, 3)
})

test('nothing is made in a namespace that goes, and nobody complains', async (t) => {
  const at = await plane(t, 1)
  await at.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short' }, spec: {} })
  const none = template('agent:1', { nodeSelector: { none: 'yet' } })
  await at.client.create(daemonSets, daemonSet({ template: none }, { namespace: 'short' }))
  await at.quiet()
  await at.client.delete(namespaces, '', 'short')
  await at.client.patch(daemonSets, 'short', 'agent', 'merge', { spec: { template: { spec: { nodeSelector: { none: null } } } } })
  await at.pass(1000)
  assert.equal((await at.client.list(pods, { namespace: 'short' })).items, [])
  assert.equal((await at.client.list(events, { namespace: 'short' })).items, [])
})
