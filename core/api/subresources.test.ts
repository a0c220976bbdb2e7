import type { CertificateSigningRequest, Deployment, KubeObject, Pod, PodDisruptionBudget } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { type Api, deployment, pod, startApi } from './testing.js'

const scaleOf = 'apps/v1/deployments/scale'
const binding = (node: string, metadata: object = { name: 'a' }): object => ({ metadata, target: { kind: 'Node', name: node } })

test('scale shows replicas, the status and the selector as a string', async (t) => {
  const api = await startApi(t)
  const made = await api.create('apps/v1/deployments', deployment('a', { replicas: 3 }))
  await api.merge('apps/v1/deployments/status', 'a', { status: { replicas: 2 } })
  const scale = await api.get(scaleOf, 'a')
  assert.equal([scale.kind, scale.apiVersion], ['Scale', 'autoscaling/v1'])
  assert.is(scale.metadata.uid, made.metadata.uid)
  assert.equal(scale.spec, { replicas: 3 })
  assert.equal(scale.status, { replicas: 2, selector: 'app=a' })
})

test('scale by PUT and PATCH; an empty resourceVersion is unconditional, a stale one 409', async (t) => {
  const api = await startApi(t)
  await api.create('apps/v1/deployments', deployment('a'))
  const before = await api.get(scaleOf, 'a')
  const put = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 5 } }
  assert.equal((await api.update(scaleOf, put)).spec, { replicas: 5 })
  assert.is((await api.get<Deployment>('apps/v1/deployments', 'a')).metadata.generation, 2)
  assert.equal((await api.merge(scaleOf, 'a', { spec: { replicas: 0 } })).spec, { replicas: 0 })
  const json = [{ op: 'replace', path: '/spec/replicas', value: 4 }]
  assert.equal((await api.object('patch', scaleOf, { name: 'a', patchType: 'json', body: json })).spec, { replicas: 4 })
  const stale = { ...before, spec: { replicas: 9 } }
  assert.is((await api.refused('update', scaleOf, { name: 'a', body: stale })).code, 409)
  const negative = { ...put, spec: { replicas: -1 } }
  assert.is((await api.refused('update', scaleOf, { name: 'a', body: negative })).code, 422)
  assert.is((await api.refused('update', scaleOf, { name: 'b', body: { ...put, metadata: { name: 'b' } } })).code, 404)
})

test('binding sets the node and PodScheduled, answers 201, and 409 if the pod has a node', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const reply = await api.reply('create', 'pods/binding', { name: 'a', body: binding('n1') })
  assert.is(reply.code, 201)
  assert.is(reply.object.kind, 'Status')
  assert.is(reply.object.status, 'Success')
  const bound = await api.get<Pod>('pods', 'a')
  assert.is(bound.spec?.nodeName, 'n1')
  const condition = bound.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  assert.is(condition?.status, 'True')
  const again = await api.refused('create', 'pods/binding', { name: 'a', body: binding('n2') })
  assert.is(again.code, 409)
  assert.match(again.message, 'pod a is already assigned to node "n1"')
})

test('bindings as a collection bind too, annotations go along', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const metadata = { name: 'a', annotations: { why: 'room' } }
  assert.is((await api.reply('create', 'bindings', { body: binding('n1', metadata) })).code, 201)
  assert.equal((await api.get('pods', 'a')).metadata.annotations, { why: 'room' })
})

test('binding refuses another uid, a pod that is going, gates, and a missing target', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const bind = (name: string, body: object) => api.refused('create', 'pods/binding', { name, body })
  assert.is((await bind('a', binding('n', { name: 'a', uid: 'other' }))).code, 409)
  assert.is((await bind('a', binding('n', { name: 'b' }))).code, 400)
  assert.is((await bind('a', { metadata: { name: 'a' }, target: { kind: 'Node' } })).code, 422)
  assert.is((await bind('a', { metadata: { name: 'a' }, target: { kind: 'Pod', name: 'x' } })).code, 422)
  assert.is((await bind('z', binding('n', { name: 'z' }))).code, 404)
  await api.create('pods', pod('g', { schedulingGates: [{ name: 'example.com/wait' }] }))
  assert.is((await bind('g', binding('n', { name: 'g' }))).code, 409)
  await api.create('pods', { ...pod('d'), metadata: { name: 'd', finalizers: ['example.com/keep'] } })
  await api.object('delete', 'pods', { name: 'd' })
  assert.is((await bind('d', binding('n', { name: 'd' }))).code, 409)
})

test('of two bindings at the same time one wins', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const both = ['n1', 'n2'].map((node) => api.reply('create', 'pods/binding', { name: 'a', body: binding(node) }))
  const results = await Promise.allSettled(both)
  assert.is(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

async function guarded(t: TestContext, status: object, count = 1): Promise<Api> {
  const api = await startApi(t)
  const made = { ...pod('a', { nodeName: 'n' }), metadata: { name: 'a', labels: { app: 'a' } } }
  await api.create('pods', made)
  const conditions = [{ type: 'Ready', status: 'True' }]
  await api.merge('pods/status', 'a', { status: { phase: 'Running', conditions } })
  for (let index = 0; index < count; index++) {
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'a' } } }
    await api.create('policy/v1/poddisruptionbudgets', { metadata: { name: `b${index}` }, spec })
    await api.merge('policy/v1/poddisruptionbudgets/status', `b${index}`, { status })
  }
  return api
}
const counts = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }
const eviction = (version: string, deleteOptions?: object): object => ({
  apiVersion: version,
  kind: 'Eviction',
  metadata: { name: 'a', namespace: 'default' },
  ...(deleteOptions ? { deleteOptions } : {}),
})

test('eviction deletes with the grace, answers 201, and takes either version of the body', async (t) => {
  for (const version of ['policy/v1', 'policy/v1beta1']) {
    const api = await startApi(t)
    await api.create('pods', pod('a', { nodeName: 'n' }))
    const body = eviction(version, { gracePeriodSeconds: 7 })
    assert.is((await api.reply('create', 'pods/eviction', { name: 'a', body })).code, 201)
    assert.is((await api.get('pods', 'a')).metadata.deletionGracePeriodSeconds, 7)
  }
})

test('eviction is 429 with cause DisruptionBudget where no disruption is allowed', async (t) => {
  const api = await guarded(t, { ...counts, disruptionsAllowed: 0 })
  const status = await api.refused('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })
  assert.is(status.code, 429)
  assert.is(status.reason, 'TooManyRequests')
  assert.is(status.details?.causes?.[0]?.reason, 'DisruptionBudget')
  assert.is((await api.get('pods', 'a')).metadata.deletionTimestamp, undefined)
})

test('an allowed eviction spends one disruption', async (t) => {
  const api = await guarded(t, { ...counts, disruptionsAllowed: 1 })
  await api.object('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })
  const budget = await api.get<PodDisruptionBudget>('policy/v1/poddisruptionbudgets', 'b0')
  assert.is(budget.status?.disruptionsAllowed, 0)
  assert.equal(Object.keys(budget.status?.disruptedPods ?? {}), ['a'])
  assert.ok((await api.get('pods', 'a')).metadata.deletionTimestamp)
})

test('a budget that its controller has not seen yet is 429 with a time to wait', async (t) => {
  const api = await guarded(t, { disruptionsAllowed: 1, observedGeneration: 0 })
  const status = await api.refused('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })
  assert.is(status.code, 429)
  assert.is(status.details?.retryAfterSeconds, 10)
})

test('two budgets on one pod are 500; pending and finished pods need none', async (t) => {
  const api = await guarded(t, { ...counts, disruptionsAllowed: 1 }, 2)
  assert.is((await api.refused('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })).code, 500)
  await api.merge('pods/status', 'a', { status: { phase: 'Failed' } })
  assert.is((await api.reply('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })).code, 201)
  assert.is((await api.refused('create', 'pods/eviction', { name: 'a', body: eviction('policy/v1') })).code, 404)
})

test('a dry-run eviction spends and deletes nothing', async (t) => {
  const api = await guarded(t, { ...counts, disruptionsAllowed: 1 })
  const body = eviction('policy/v1', { dryRun: ['All'] })
  await api.object('create', 'pods/eviction', { name: 'a', body })
  assert.is((await api.get<PodDisruptionBudget>('policy/v1/poddisruptionbudgets', 'b0')).status?.disruptionsAllowed, 1)
  assert.is((await api.get('pods', 'a')).metadata.deletionTimestamp, undefined)
})

test('ephemeral containers come only through their subresource', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const body = { spec: { ephemeralContainers: [{ name: 'debug', image: 'shell:1' }] } }
  assert.is((await api.refused('patch', 'pods', { name: 'a', patchType: 'strategic', body })).code, 422)
  const rest = { name: 'a', patchType: 'strategic', body } as const
  const now = await api.object<Pod>('patch', 'pods/ephemeralcontainers', rest)
  assert.equal(
    now.spec?.ephemeralContainers?.map(({ name }) => name),
    ['debug'],
  )
  assert.is(now.spec?.containers.length, 1)
})

test('approval takes only the decision, /status never', async (t) => {
  const api = await startApi(t)
  const requests = 'certificates.k8s.io/v1/certificatesigningrequests'
  const spec = {
    request: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K',
    signerName: 'example.com/signer',
    usages: ['client auth'],
  }
  const made = await api.create<CertificateSigningRequest>(requests, { metadata: { name: 'c' }, spec })
  const condition = (type: string): object => ({ type, status: 'True', reason: 'r', message: 'm' })
  const sent = (status: object): KubeObject => ({ ...made, status }) as unknown as KubeObject
  const kinds = (object: KubeObject): unknown => (object as CertificateSigningRequest).status?.conditions?.map(({ type }) => type)
  const { metadata } = await api.update(
    `${requests}/approval`,
    sent({ conditions: [condition('Approved')], certificate: 'eA==' }),
  )
  const approved = await api.get<CertificateSigningRequest>(requests, 'c')
  assert.equal(kinds(approved), ['Approved'])
  assert.is(approved.status?.certificate, undefined)
  const later = { ...sent({ certificate: 'LS0t', conditions: [condition('Denied')] }), metadata }
  const signed = await api.update(`${requests}/status`, later)
  assert.equal(kinds(signed), ['Approved'])
})

test('verbs that a subresource lacks are 405, unknown subresources 404', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  assert.is((await api.refused('get', 'pods/binding', { name: 'a' })).code, 405)
  assert.is((await api.refused('get', 'pods/scale', { name: 'a' })).code, 404)
  assert.is((await api.refused('get', 'serviceaccounts/token', { name: 'default' })).code, 405)
})
