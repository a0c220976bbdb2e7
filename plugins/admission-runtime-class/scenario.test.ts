import { ApiError, pods, runtimeClasses } from '@davit/core/client'
import type { Pod, RuntimeClass } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

async function plane(t: TestContext, more: Partial<RuntimeClass> = {}) {
  const { client, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  const metadata = { name: 'sealed' }
  await client.create(runtimeClasses, { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata, handler: 'kata', ...more })
  return (spec: Partial<Pod['spec']>, name = 'web') =>
    client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'i' }], ...spec },
    })
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.unreachable('it was let through'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ApiError && error.code === 403)
  return error.message.replace('pods "web" is forbidden: ', '')
}

test('a Pod gets the overhead, the nodes and the tolerations of its class', async (t) => {
  const create = await plane(t, {
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { runtime: 'kata' }, tolerations: [{ key: 'kata', operator: 'Exists' }] },
  })
  const { spec } = await create({ runtimeClassName: 'sealed', nodeSelector: { zone: 'a' } })
  assert.equal(spec.overhead, { cpu: '250m' })
  assert.equal(spec.nodeSelector, { zone: 'a', runtime: 'kata' })
  assert.ok(spec.tolerations?.some(({ key }) => key === 'kata'))
  const same = await create({ runtimeClassName: 'sealed', overhead: { cpu: '0.25' } }, 'same')
  assert.equal(same.spec.overhead, { cpu: '250m' })
})

test('a class that is not there, and what contradicts it, is refused', async (t) => {
  const create = await plane(t, { overhead: { podFixed: { cpu: '250m' } }, scheduling: { nodeSelector: { runtime: 'kata' } } })
  assert.is(await refusal(create({ runtimeClassName: 'missing' })), 'pod rejected: RuntimeClass "missing" not found')
  const unlike = create({ runtimeClassName: 'sealed', overhead: { cpu: '1' } })
  assert.is(await refusal(unlike), "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  assert.is(
    await refusal(create({ runtimeClassName: 'sealed', nodeSelector: { runtime: 'other' } })),
    'conflict: runtimeClass.scheduling.nodeSelector[runtime] = kata; pod.spec.nodeSelector[runtime] = other',
  )
})

test('nobody sets an overhead without a class that has one', async (t) => {
  const create = await plane(t)
  const text = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
  assert.is(await refusal(create({ overhead: { cpu: '1' } })), text)
  assert.is(await refusal(create({ runtimeClassName: 'sealed', overhead: { cpu: '1' } })), text)
  const { spec } = await create({ runtimeClassName: 'sealed' })
  assert.is(spec.overhead, undefined)
})
