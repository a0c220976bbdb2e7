import { pods } from '@davit/core/client'
import type { Pod } from '@davit/core/kinds'
import { assert, boot, test } from '@davit/core/testing'
import plugin from './index.js'

const label = 'example.davit.dev/made-by'
const pod = (name: string, image = 'web:1', labels?: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels },
  spec: { containers: [{ name: 'main', image }] },
})

test('a Pod says who made it, unless its author says so himself', async (t) => {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  const made = await plane.client.create(pods, pod('plain'))
  assert.is(made.metadata.labels?.[label], 'test')
  const own = await plane.client.create(pods, pod('own', 'web:1', { [label]: 'me' }))
  assert.is(own.metadata.labels?.[label], 'me')
})

test('a user whose name is no value of a label is written as one', async (t) => {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  const robot = plane.clients.as({ name: 'system:serviceaccount:ci:builder', groups: ['system:masters'] })
  const made = await robot.create(pods, pod('built'))
  assert.is(made.metadata.labels?.[label], 'system.serviceaccount.ci.builder')
})

test('only what names a version is admitted', async (t) => {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  for (const image of ['web', 'registry:5000/web'])
    await assert.rejects(plane.client.create(pods, pod('refused', image)), `image "${image}" of container "main" has no tag`)
  for (const image of ['web:1', 'registry:5000/web:1', `web@sha256:${'a'.repeat(64)}`])
    await plane.client.create(pods, pod(`p${image.length}`, image))
})

test('comes and goes while the API runs', async (t) => {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  await plane.kernel.reload('admission-labels', { plugin, config: { label: 'by' } })
  const made = await plane.client.create(pods, pod('reloaded'))
  assert.equal(Object.keys(made.metadata.labels ?? {}), ['by'])
})
