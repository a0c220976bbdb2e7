/** With the API alone: the test plays scheduler and kubelet. */
import { controllerRevisions, daemonSets, events, nodes, pods } from '@davit/core/client'
import { controllerOf, sortRevisions } from '@davit/core/controller'
import type { ControlPlane } from '@davit/core/controller/testkit'
import { assert, createTestServices, test } from '@davit/core/testing'
import {
  change,
  daemonSet,
  imagesOf,
  labels,
  node,
  plane,
  pod,
  podsOf,
  rolling,
  seatsOf,
  serveAll,
  stored,
  template,
} from './testing.js'

const revisions = async ({ client }: ControlPlane) =>
  sortRevisions((await client.list(controllerRevisions, { namespace: 'default' })).items)
const told = async ({ client }: ControlPlane) =>
  (await client.list(events, { namespace: 'default' })).items.map(({ reason, message }) => `${reason}: ${message}`)

test('every node gets its Pod, and the status follows', async (t) => {
  const at = await plane(t, 3)
  await at.client.create(daemonSets, daemonSet())
  await at.quiet()
  const [first] = await podsOf(at.client)
  const [revision] = await revisions(at)
  const hash = revision?.metadata.labels?.['controller-revision-hash']
  assert.is(revision?.metadata.name, `agent-${hash}`)
  assert.match(first?.metadata.name ?? '', /^agent-[a-z0-9]{5}$/)
  assert.equal(first?.metadata.labels, { ...labels, 'controller-revision-hash': hash, 'pod-template-generation': '1' })
  assert.equal(first?.spec.tolerations?.map(({ key, effect }) => `${key?.split('/')[1]} ${effect}`).sort(), [
    'disk-pressure NoSchedule',
    'memory-pressure NoSchedule',
    'not-ready NoExecute',
    'pid-pressure NoSchedule',
    'unreachable NoExecute',
    'unschedulable NoSchedule',
  ])
  assert.equal(await seatsOf(at.client), ['n1', 'n2', 'n3'])
  await serveAll(at)
  assert.equal((await stored(at.client)).status, {
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberMisscheduled: 0,
    numberReady: 3,
    numberAvailable: 3,
    updatedNumberScheduled: 3,
    observedGeneration: 1,
  })
  assert.ok((await told(at)).includes(`SuccessfulCreate: Created pod: ${first?.metadata.name}`))
})

test('a settled set causes no write, also when nodes report', async (t) => {
  const at = await plane(t, 2)
  await at.client.create(daemonSets, daemonSet())
  await serveAll(at)
  await at.pass(1000)
  at.writes()
  await at.pass(3_600_000)
  await at.client.patch(nodes, '', 'n1', 'merge', { metadata: { annotations: { note: 'x' } } })
  await at.pass(1000)
  assert.equal(at.writes(), [])
})

test('nodes that come get a Pod; labels and taints decide', async (t) => {
  const at = await plane(t, 1)
  await at.client.create(daemonSets, daemonSet({ template: template('agent:1', { nodeSelector: { disk: 'ssd' } }) }))
  await at.client.create(nodes, node('n2', [], { disk: 'ssd' }))
  await at.quiet()
  assert.equal(await seatsOf(at.client), ['n2'])
  await at.client.patch(nodes, '', 'n1', 'merge', { metadata: { labels: { disk: 'ssd' } } })
  await at.quiet()
  assert.equal(await seatsOf(at.client), ['n1', 'n2'])
  const taints = [{ key: 'full', effect: 'NoSchedule' }]
  await at.client.patch(nodes, '', 'n1', 'merge', { spec: { taints } })
  await at.quiet()
  assert.equal(await seatsOf(at.client), ['n1', 'n2'])
  const { status } = await stored(at.client)
  assert.equal([status?.desiredNumberScheduled, status?.numberMisscheduled], [1, 1])
  await at.client.patch(nodes, '', 'n1', 'merge', { metadata: { labels: { disk: null } } })
  await at.quiet()
  assert.equal(await seatsOf(at.client), ['n2'])
})

test('a rolling update never has more Pods out of service than it may', async (t) => {
  const at = await plane(t, 4)
  await at.client.create(daemonSets, daemonSet(rolling(1)))
  await serveAll(at)
  await change(at.client, { template: template('agent:2') })
  await at.quiet()
  assert.equal((await imagesOf(at.client)).sort(), ['agent:1', 'agent:1', 'agent:1', 'agent:2'])
  const { status } = await stored(at.client)
  assert.equal([status?.updatedNumberScheduled, status?.numberUnavailable], [1, 1])
  await at.pass(60_000)
  assert.is((await imagesOf(at.client)).filter((image) => image === 'agent:2').length, 1, 'it waits')
  await serveAll(at)
  assert.equal(new Set(await imagesOf(at.client)), new Set(['agent:2']))
  assert.is((await stored(at.client)).status?.updatedNumberScheduled, 4)
})

test('with a surge new Pods come beside the old ones, and none is out of service', async (t) => {
  const at = await plane(t, 2)
  await at.client.create(daemonSets, daemonSet(rolling(0, 1)))
  await serveAll(at)
  await at.pass(2000)
  await change(at.client, { template: template('agent:2') })
  await at.quiet()
  assert.equal((await imagesOf(at.client)).sort(), ['agent:1', 'agent:1', 'agent:2'])
  assert.is((await stored(at.client)).status?.numberUnavailable, undefined)
  await serveAll(at)
  assert.equal(await imagesOf(at.client), ['agent:2', 'agent:2'])
})

test('going back gives the earlier revision the next number, and old ones beyond the limit go', async (t) => {
  const at = await plane(t, 1)
  await at.client.create(daemonSets, daemonSet({ revisionHistoryLimit: 1 }))
  await serveAll(at)
  for (const image of ['agent:2', 'agent:1', 'agent:3']) {
    await change(at.client, { template: template(image) })
    await serveAll(at)
  }
  await at.pass(1000)
  assert.equal(
    (await revisions(at)).map(({ revision }) => revision),
    [3, 4],
  )
})

test('OnDelete leaves the Pods to the user', async (t) => {
  const at = await plane(t, 2)
  await at.client.create(daemonSets, daemonSet({ updateStrategy: { type: 'OnDelete' } }))
  await serveAll(at)
  await change(at.client, { template: template('agent:2') })
  await at.pass(1000)
  assert.equal(await imagesOf(at.client), ['agent:1', 'agent:1'])
  const [first] = await podsOf(at.client)
  await at.client.delete(pods, 'default', first?.metadata.name ?? '')
  await at.quiet()
  assert.equal(await imagesOf(at.client), ['agent:2', 'agent:1'])
})

test('a Pod that fails again waits for longer each time', async (t) => {
  const at = await plane(t, 1)
  await at.client.create(daemonSets, daemonSet())
  await at.quiet()
  const fail = async () => {
    const [present] = await podsOf(at.client)
    const body = { status: { phase: 'Failed' } }
    await at.client.patch(pods, 'default', present?.metadata.name ?? '', 'merge', body, { subresource: 'status' })
    await at.quiet()
    return present?.metadata.uid
  }
  const uid = async () => (await podsOf(at.client))[0]?.metadata.uid
  const first = await fail()
  assert.is.not(await uid(), first, 'the first is made again at once')
  const second = await fail()
  assert.is(await uid(), second)
  await at.pass(1100)
  assert.is.not(await uid(), second)
  assert.ok(
    (await told(at)).some((event) => /^FailedDaemonPod: Found failed daemon pod default\/agent-\w+ on node n1/.test(event)),
  )
})

test('minReadySeconds delays availability by a timer', async (t) => {
  const at = await plane(t, 1)
  await at.client.create(daemonSets, daemonSet({ minReadySeconds: 30 }))
  await serveAll(at)
  assert.equal([(await stored(at.client)).status?.numberReady, (await stored(at.client)).status?.numberAvailable], [1, undefined])
  await at.pass(31_000)
  assert.is((await stored(at.client)).status?.numberAvailable, 1)
})

test('orphans are adopted, and what stops matching is let go and replaced', async (t) => {
  const at = await plane(t, 1)
  const { spec } = pod('n1')
  const metadata = { name: 'lonely', namespace: 'default', labels }
  await at.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...spec, containers: [{ name: 'a', image: 'a' }] },
  })
  const set = await at.client.create(daemonSets, daemonSet({ updateStrategy: { type: 'OnDelete' } }))
  await at.quiet()
  assert.is(controllerOf(await at.client.get(pods, 'default', 'lonely'))?.uid, set.metadata.uid)
  assert.is((await podsOf(at.client)).length, 1)
  await at.client.patch(pods, 'default', 'lonely', 'merge', { metadata: { labels: { app: 'debug' } } })
  await at.quiet()
  assert.is(controllerOf(await at.client.get(pods, 'default', 'lonely')), undefined)
  assert.is((await podsOf(at.client)).length, 2)
})

test('a set on its way out makes nothing more, and every write said who and why', async (t) => {
  const at = await plane(t, 2)
  await at.client.create(daemonSets, daemonSet({}, { finalizers: ['example.com/wait'] }))
  await serveAll(at)
  await change(at.client, { template: template('agent:2') })
  await at.quiet()
  const writes = at.writes()
  assert.ok(writes.length >= 6)
  for (const { user, cause } of writes) {
    assert.is(user.name, 'system:controller:daemonset-controller')
    assert.match(cause?.actor ?? '', /^controller-daemonset@/)
  }
  await at.client.delete(daemonSets, 'default', 'agent')
  for (const { metadata } of await podsOf(at.client)) await at.client.delete(pods, 'default', metadata.name)
  await at.pass(1000)
  assert.equal(await podsOf(at.client), [])
})

test('fifty random kills leave one Pod on each node, and never two', async (t) => {
  const at = await plane(t, 5)
  const { random } = createTestServices('fifty kills of daemons')
  await at.client.create(daemonSets, daemonSet(rolling('40%')))
  await at.quiet()
  for (let kill = 0; kill < 50; kill += 1) {
    const list = await podsOf(at.client)
    assert.is(new Set(await seatsOf(at.client)).size, list.length)
    const victim = list[random.integer(list.length)]
    if (victim) await at.client.delete(pods, 'default', victim.metadata.name).catch(() => undefined)
    if (random.integer(6) === 0) await change(at.client, { template: template(`agent:${kill}`) })
    if (random.integer(3) === 0) await at.quiet()
  }
  await serveAll(at)
  assert.equal(await seatsOf(at.client), ['n1', 'n2', 'n3', 'n4', 'n5'])
  assert.is(new Set(await imagesOf(at.client)).size, 1)
})
