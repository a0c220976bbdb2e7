import { KindsToken } from '@davit/core/api'
import { type ApiError, nodeMetrics, podMetrics } from '@davit/core/client'
import { assert, suite } from '@davit/core/testing'
import { plane, reader } from './testing.js'

const test = suite('metrics')

async function refusal(work: Promise<unknown>): Promise<[code: number, message: string]> {
  const error = (await work.then(
    () => assert.unreachable('was not refused'),
    (error: unknown) => error,
  )) as ApiError
  return [error.code, error.message]
}

test('a Pod that ran for a while is told from its start', async (t) => {
  const { client, clock, run } = await plane(t, ['one'])
  await run('one', 'web', { labels: { app: 'web' }, containers: ['main', 'side'] })
  await clock.advance(30_000)
  const found = await client.get(podMetrics, 'default', 'web')
  assert.is(found.kind, 'PodMetrics')
  assert.is(found.apiVersion, 'metrics.k8s.io/v1beta1')
  assert.equal(found.metadata.labels, { app: 'web' })
  assert.is(found.window, '30s')
  assert.is(found.timestamp, found.metadata.creationTimestamp)
  assert.equal(found.containers, [
    { name: 'main', usage: { cpu: '100m', memory: '64Mi' } },
    { name: 'side', usage: { cpu: '100m', memory: '64Mi' } },
  ])
})

test('a Pod that is young or old waits for a second reading, one that is known does not', async (t) => {
  const { client, clock, run, asking, agent } = await plane(t, ['one'])
  await run('one', 'web')
  await clock.advance(3_600_000)
  agent('one').millis = 0
  const first = await asking(client.get(podMetrics, 'default', 'web'))
  assert.is(first.window, '1s')
  assert.is(agent('one').asked, 2)
  await clock.advance(15_000)
  const second = await client.get(podMetrics, 'default', 'web')
  assert.is(second.window, '15s')
  assert.is(agent('one').asked, 3)
})

test('within the resolution a node is asked once, however many ask, and without questions never', async (t) => {
  const { client, clock, run, asking, agent } = await plane(t, ['one', 'two'])
  for (const name of ['a', 'b', 'c']) await run('one', name)
  await clock.advance(10_000)
  const lists = await Promise.all([client.list(podMetrics), client.list(podMetrics), client.list(podMetrics)])
  assert.equal(
    lists.map(({ items }) => items.length),
    [3, 3, 3],
  )
  await client.get(podMetrics, 'default', 'a')
  assert.is(agent('one').asked, 1)
  assert.is(agent('two').asked, 0, 'nobody asked for a Pod of it')
  await clock.advance(3_600_000)
  assert.is(agent('one').asked, 1)
  await asking(client.list(nodeMetrics))
  assert.is(agent('two').asked, 1)
})

test('a Pod that came since the last reading is not waited for', async (t) => {
  const { client, clock, run, agent } = await plane(t, ['one'])
  await run('one', 'a')
  await clock.advance(10_000)
  await client.list(podMetrics)
  await run('one', 'b')
  await clock.advance(500)
  assert.is((await client.list(podMetrics)).items.length, 1, 'too young')
  assert.is(agent('one').asked, 1)
  await clock.advance(2500)
  const { items } = await client.list(podMetrics)
  assert.equal(
    items.map(({ metadata, window }) => [metadata.name, window]),
    [
      ['a', '3s'],
      ['b', '3s'],
    ],
  )
})

test('selectors choose, and lists are in order and of no version', async (t) => {
  const { client, clock, run } = await plane(t, ['one'])
  for (const name of ['b', 'a', 'c']) await run('one', name, { labels: { app: name === 'c' ? 'other' : 'web' } })
  await clock.advance(10_000)
  const names = async (options: object) => (await client.list(podMetrics, options)).items.map(({ metadata }) => metadata.name)
  assert.equal(await names({}), ['a', 'b', 'c'])
  assert.equal(await names({ namespace: 'default', labelSelector: 'app=web' }), ['a', 'b'])
  assert.equal(await names({ fieldSelector: 'metadata.name=c' }), ['c'])
  assert.equal(await names({ namespace: 'kube-system' }), [])
  assert.is((await client.list(podMetrics)).resourceVersion, '')
  assert.is((await refusal(client.list(podMetrics, { labelSelector: '!!' })))[0], 400)
})

test('machines are told by their own counters, simulated nodes by their containers', async (t) => {
  const { client, clock, run, asking, agent } = await plane(t, ['one', 'two'])
  agent('one').machineMillis = 1500
  await run('one', 'a')
  await run('two', 'b', { containers: ['main', 'side'] })
  await clock.advance(10_000)
  const { items } = await asking(client.list(nodeMetrics))
  assert.equal(
    items.map(({ metadata, usage, window }) => [metadata.name, metadata.labels?.zone, usage.cpu, usage.memory, window]),
    [
      ['one', 'one', '1500m', '1Gi', '1s'],
      ['two', 'two', '200m', '128Mi', '10s'],
    ],
  )
})

test('what is not known is not there, and nothing is made up for it', async (t) => {
  const { client, clock, run, agent, asking } = await plane(t, ['one', 'two'])
  await run('one', 'a')
  await run('two', 'b')
  await run('nowhere', 'c')
  await clock.advance(10_000)
  agent('one').fails = true
  const { items } = await client.list(podMetrics)
  assert.equal(
    items.map(({ metadata }) => metadata.name),
    ['b'],
  )
  assert.equal(await refusal(client.get(podMetrics, 'default', 'a')), [404, 'podmetrics.metrics.k8s.io "default/a" not found'])
  assert.equal(await refusal(client.get(podMetrics, 'default', 'z')), [404, 'podmetrics.metrics.k8s.io "default/z" not found'])
  assert.equal(await refusal(client.get(nodeMetrics, '', 'one')), [404, 'nodemetrics.metrics.k8s.io "one" not found'])
  agent('one').fails = false
  assert.is((await client.list(podMetrics)).items.length, 1, 'for a resolution that is the answer')
  assert.is(agent('one').asked, 1)
  await clock.advance(10_000)
  assert.is((await asking(client.list(podMetrics))).items.length, 2, 'then it is asked again')
})

test('a node that never answers keeps nobody waiting for more than five seconds, and not again at once', async (t) => {
  const { client, clock, run, agent, asking } = await plane(t, ['one', 'two'])
  await run('one', 'a')
  await run('two', 'b')
  await clock.advance(10_000)
  agent('one').hangs = true
  const names = ({ items }: { items: readonly { metadata: { name: string } }[] }) => items.map(({ metadata }) => metadata.name)
  assert.equal(names(await asking(client.list(podMetrics), 5_000)), ['b'])
  assert.equal(names(await client.list(podMetrics)), ['b'], 'without a wait')
  assert.is(agent('one').asked, 1)
  agent('one').hangs = false
  await clock.advance(10_000)
  assert.equal(names(await asking(client.list(podMetrics))), ['a', 'b'])
})

test('an agent that goes away takes its figures along', async (t) => {
  const { client, clock, run, agent } = await plane(t, ['one'])
  await run('one', 'a')
  await clock.advance(10_000)
  assert.is((await client.list(podMetrics)).items.length, 1)
  agent('one').fails = true
  await clock.advance(11_000)
  assert.is((await client.list(podMetrics)).items.length, 0)
})

test('who may not read is refused, and nobody can write or watch', async (t) => {
  const { clients, client, clock, run } = await plane(t, ['one'])
  await run('one', 'a')
  await clock.advance(10_000)
  assert.is((await clients.as(reader).list(podMetrics, { namespace: 'default' })).items.length, 1)
  const [code] = await refusal(clients.as({ name: 'stranger' }).list(podMetrics, { namespace: 'default' }))
  assert.is(code, 403)
  const object = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', metadata: { name: 'x', namespace: 'default' } }
  assert.is((await refusal(client.create(podMetrics, object as never)))[0], 405)
  assert.is((await refusal(client.delete(podMetrics, 'default', 'a')))[0], 405)
})

test('the kinds are served as long as the plugin is there', async (t) => {
  const { kernel } = await plane(t, [])
  const kinds = kernel.get(KindsToken)
  assert.equal(
    kinds
      .all()
      .filter(({ group }) => group === 'metrics.k8s.io')
      .map(({ kind, verbs, stored }) => [kind, [...verbs], stored]),
    [
      ['NodeMetrics', ['get', 'list'], false],
      ['PodMetrics', ['get', 'list'], false],
    ],
  )
  assert.is(kinds.find('pods')?.group, '', 'who types "pods" means Pods')
  assert.is(kinds.find('podmetrics')?.kind, 'PodMetrics')
})
