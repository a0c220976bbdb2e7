import { ApiHooksToken } from '@davit/core/api'
import { configMaps } from '@davit/core/client'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const hourMs = 3_600_000
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

async function office(t: TestContext) {
  const plane = await boot({ plugins: [{ plugin, config: { group: 'interns', from: 8, until: 18 } }] })
  t.defer(() => plane.stop())
  // Stands in for the roles of a cluster: says yes to all who come so far.
  plane.kernel.get(ApiHooksToken).authorize.tap('test', () => ({ allowed: true, reason: '' }))
  const hour = () => new Date(plane.clock.now()).getUTCHours()
  return {
    intern: plane.clients.as({ name: 'ivy', groups: ['interns'] }),
    user: plane.clients.as({ name: 'una', groups: [] }),
    async becomes(wanted: number) {
      await plane.clock.advance(((wanted - hour() + 24) % 24) * hourMs)
      assert.is(hour(), wanted)
    },
  }
}

test('the first and the last hour of the office belong to it, those beside do not', async (t) => {
  const { intern, becomes } = await office(t)
  for (const hour of [8, 17]) {
    await becomes(hour)
    await intern.create(configMaps, map(`at-${hour}`))
  }
  for (const hour of [7, 18, 0]) {
    await becomes(hour)
    await assert.rejects(intern.create(configMaps, map('never')), 'members of interns change things from 8:00 to 18:00 UTC')
  }
})

test('at night everybody else works on, and everybody reads', async (t) => {
  const { intern, user, becomes } = await office(t)
  await becomes(3)
  await user.create(configMaps, map('night'))
  assert.is((await intern.get(configMaps, 'default', 'night')).metadata.name, 'night')
})
