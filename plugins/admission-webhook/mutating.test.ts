import { ApiHooksToken } from '@davit/core/api'
import { configMaps, deployments, pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { ConfigMap, KubeObject, Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { patch, plane, type Review, rule } from './testing.js'

const add = (path: string, value: unknown): object => ({ op: 'add', path, value })
const adding = (key: string) => (review: Review) =>
  patch(
    review.request.object.data ? add(`/data/${key}`, review.request.object.data[key] ?? 'yes') : add('/data', { [key]: 'yes' }),
  )

test('patches are applied one after the other, by name of the configuration', async (t) => {
  const { hook, create } = await plane(t)
  const second = await hook('b', { mutating: true, answer: adding('b') })
  await hook('a', { mutating: true, answer: adding('a') })
  assert.equal((await create('x', { data: { own: '1' } })).data, { own: '1', a: 'yes', b: 'yes' })
  assert.equal((second.bodies[0] as Review).request.object.data, { own: '1', a: 'yes' })
})

test('what comes out is read, pruned and defaulted like what is sent', async (t) => {
  const { hook, client } = await plane(t)
  const container = { name: 'side', image: 'side:1', unknown: 'field', ports: [{ containerPort: 80 }] }
  await hook('sidecar', {
    mutating: true,
    answer: () => patch(add('/spec/containers/-', container), add('/spec/nonsense', true)),
    spec: { rules: [rule(['pods'])] },
  })
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] }
  const made = await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec,
  } as Pod)
  const [, side] = made.spec.containers as unknown as Record<string, unknown>[]
  assert.equal([side?.name, side?.imagePullPolicy, side?.unknown], ['side', 'IfNotPresent', undefined])
  assert.equal((side as Review).ports[0], { containerPort: 80, protocol: 'TCP' })
  assert.is((made.spec as unknown as Review).nonsense, undefined)
})

test('an update is patched too, against the race that it may lose', async (t) => {
  const { hook, create, client } = await plane(t)
  const made = await create('x', { data: { own: '1' } })
  await hook('a', { mutating: true, answer: adding('a'), spec: { rules: [rule(['configmaps'], ['UPDATE'])] } })
  const updates = ['2', '3', '4'].map((own) => client.patch(configMaps, 'default', 'x', 'merge', { data: { [own]: own } }))
  await Promise.all(updates)
  const found = await client.get(configMaps, 'default', 'x')
  assert.equal(Object.keys(found.data ?? {}).sort(), ['2', '3', '4', 'a', 'own'])
  assert.not.equal(found.metadata.resourceVersion, made.metadata.resourceVersion)
})

test('patches that cannot be', async (t) => {
  const { hook, create } = await plane(t)
  const broken = Buffer.from('nonsense').toString('base64')
  const answers: object[] = [
    { patch: Buffer.from('[]').toString('base64') },
    { patchType: 'JSONPatch' },
    { patchType: 'Merge', patch: Buffer.from('{}').toString('base64') },
    { patchType: 'JSONPatch', patch: broken },
    patch({ op: 'test', path: '/data/none', value: '1' }),
    patch(add('/data', 'text')),
    patch(),
  ]
  await hook('a', { mutating: true, answer: () => answers.shift() as object })
  const failing = (reason: string): string =>
    `Internal error occurred: failed calling webhook "a.test.example": received invalid webhook response: ${reason}`
  const messages: string[] = []
  while (answers.length > 1) messages.push((await assert.rejects(create('x'))).message)
  assert.equal(messages.slice(0, 4), [
    failing('webhook returned response.patch but not response.patchType'),
    failing('webhook returned response.patchType but not response.patch'),
    failing('webhook returned invalid response.patchType of "Merge"'),
    failing('response.patch is no JSON'),
  ])
  for (const message of messages.slice(4)) assert.match(message, /^Internal error occurred: /)
  assert.is((await create('x')).data, undefined)
})

test('who wants to be asked again is, after others have changed something', async (t) => {
  const { hook, create } = await plane(t)
  const early = await hook('a', { mutating: true, answer: adding('a'), spec: { reinvocationPolicy: 'IfNeeded' } })
  const never = await hook('b', { mutating: true })
  const changer = await hook('c', { mutating: true, answer: adding('c'), spec: { reinvocationPolicy: 'IfNeeded' } })
  assert.equal((await create('x')).data, { a: 'yes', c: 'yes' })
  assert.equal([early.bodies.length, never.bodies.length, changer.bodies.length], [2, 1, 1])
  assert.equal((early.bodies[1] as Review).request.object.data, { a: 'yes', c: 'yes' })
})

test('nobody is asked again where nothing changed', async (t) => {
  const { hook, create } = await plane(t)
  const first = await hook('a', { mutating: true, spec: { reinvocationPolicy: 'IfNeeded' } })
  const second = await hook('b', { mutating: true, spec: { reinvocationPolicy: 'IfNeeded' } })
  await create('x')
  assert.equal([first.bodies.length, second.bodies.length], [1, 1])
})

test("the cluster's own admission sees what webhooks have added", async (t) => {
  let seen = 0
  const own = definePlugin({
    id: 'test-own',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.mutate, (object, { kind }) => {
        if (kind.resource !== 'configmaps') return undefined
        seen++
        const { data } = object as KubeObject as ConfigMap
        if (data?.a) data.copied = data.a
        return undefined
      })
      return {}
    },
  })
  const { hook, create } = await plane(t, [{ plugin: own }])
  const asked = await hook('a', { mutating: true, answer: adding('a'), spec: { reinvocationPolicy: 'IfNeeded' } })
  assert.equal((await create('x')).data, { a: 'yes', copied: 'yes' })
  assert.is(seen, 2)
  assert.equal((asked.bodies[1] as Review).request.object.data, { a: 'yes', copied: 'yes' })
})

test('a denial ends it, a failure that may pass does not', async (t) => {
  const { hook, create } = await plane(t)
  await hook('a', { mutating: true, body: () => 'nonsense', spec: { failurePolicy: 'Ignore' } })
  await hook('b', {
    mutating: true,
    answer: (review) => (review.request.name === 'bad' ? { allowed: false } : adding('b')(review)),
  })
  const last = await hook('c', { mutating: true })
  assert.equal((await create('good')).data, { b: 'yes' })
  assert.match((await assert.rejects(create('bad'))).message, '"b.test.example" denied the request without explanation')
  assert.is(last.bodies.length, 1)
})

test('a converted object is patched in the form that the webhook saw', async (t) => {
  const { hook, client } = await plane(t)
  await hook('a', {
    mutating: true,
    answer: () => patch({ op: 'replace', path: '/spec/targetCPUUtilizationPercentage', value: 70 }),
    spec: { rules: [rule(['horizontalpodautoscalers'], ['*'], ['autoscaling'], ['v1'])] },
  })
  const ref = {
    group: 'autoscaling',
    version: 'v2',
    resource: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    namespaced: true,
  }
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }]
  const spec = { maxReplicas: 3, metrics, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } }
  const metadata = { name: 'h', namespace: 'default' }
  const made = (await client.create(ref, {
    apiVersion: 'autoscaling/v2',
    kind: ref.kind,
    metadata,
    spec,
  } as KubeObject)) as Review
  assert.is(made.apiVersion, 'autoscaling/v2')
  assert.is(made.spec.metrics[0].resource.target.averageUtilization, 70)
})

test('what a later webhook selects is what an earlier one has made', async (t) => {
  const { hook, create } = await plane(t)
  await hook('a', { mutating: true, answer: () => patch(add('/metadata/labels', { made: 'a' })) })
  const selecting = await hook('b', { mutating: true, spec: { objectSelector: { matchLabels: { made: 'a' } } } })
  await create('x')
  assert.is(selecting.bodies.length, 1)
})

test('many at once, each with its own', async (t) => {
  const { hook, client } = await plane(t)
  await hook('a', {
    mutating: true,
    answer: ({ request }) => patch(add('/metadata/annotations', { name: request.name })),
    spec: { rules: [rule(['deployments'])] },
  })
  const make = (name: string) => {
    const labels = { app: name }
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const spec = { selector: { matchLabels: labels }, template }
    return client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'default' },
      spec,
    } as never)
  }
  const names = Array.from({ length: 20 }, (_unused, index) => `d-${index}`)
  const made = (await Promise.all(names.map(make))) as KubeObject[]
  assert.equal(
    made.map(({ metadata }) => metadata.annotations?.name),
    names,
  )
})
