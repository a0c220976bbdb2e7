import type { Deployment, KubeObject, Namespace, Pod, Service } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { type Api, configMap, deployment, pod, startApi } from './testing.js'

const body = (options: object): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...options })

async function scheduled(t: TestContext, spec: object = {}): Promise<Api> {
  const api = await startApi(t)
  await api.create('pods', pod('a', { nodeName: 'n', ...spec }))
  return api
}

test('the reply is a Status with name, plural and uid', async (t) => {
  const api = await startApi(t)
  const { uid } = (await api.create('apps/v1/deployments', deployment('a'))).metadata
  const status = await api.object('delete', 'apps/v1/deployments', { name: 'a' })
  assert.is(status.kind, 'Status')
  assert.is(status.status, 'Success')
  assert.equal(status.details, { name: 'a', group: 'apps', kind: 'deployments', uid })
  assert.is((await api.refused('delete', 'apps/v1/deployments', { name: 'a' })).code, 404)
})

test('pods, services, namespaces and service accounts answer with the object', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  assert.is((await api.object('delete', 'pods', { name: 'a' })).kind, 'Pod')
  await api.create('services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
  assert.is((await api.object('delete', 'services', { name: 's' })).kind, 'Service')
  await api.create('serviceaccounts', { metadata: { name: 's' } })
  assert.is((await api.object('delete', 'serviceaccounts', { name: 's' })).kind, 'ServiceAccount')
})

test('a scheduled pod is marked for its grace and goes by a second delete with grace 0', async (t) => {
  const api = await scheduled(t)
  const watched = await api.watch('pods', { resourceVersion: (await api.list('pods')).resourceVersion })
  const marked = (await api.object('delete', 'pods', { name: 'a' })).metadata
  assert.is(marked.deletionTimestamp, '2024-01-01T00:00:30Z')
  assert.is(marked.deletionGracePeriodSeconds, 30)
  assert.is(marked.generation, 2)
  const final = body({ gracePeriodSeconds: 0, preconditions: { uid: marked.uid } })
  await api.object('delete', 'pods', { name: 'a', body: final })
  assert.equal(await watched.heard(2), ['MODIFIED a', 'DELETED a'])
  assert.is((await api.refused('get', 'pods', { name: 'a' })).code, 404)
})

test('later deletes only shorten the grace', async (t) => {
  const api = await scheduled(t)
  const marked = (await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '20' } })).metadata
  await api.plane.clock.advance(5000)
  const longer = await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '60' } })
  assert.equal(longer.metadata, marked)
  const shorter = (await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '10' } })).metadata
  assert.is(shorter.deletionTimestamp, '2024-01-01T00:00:10Z')
  assert.is(shorter.deletionGracePeriodSeconds, 10)
})

test('unscheduled and finished pods go at once; a negative grace is 1', async (t) => {
  const api = await scheduled(t)
  await api.merge('pods/status', 'a', { status: { phase: 'Succeeded' } })
  await api.object('delete', 'pods', { name: 'a' })
  assert.is((await api.refused('get', 'pods', { name: 'a' })).code, 404)
  await api.create('pods', pod('b'))
  await api.object('delete', 'pods', { name: 'b' })
  assert.is((await api.refused('get', 'pods', { name: 'b' })).code, 404)
  await api.create('pods', pod('c', { nodeName: 'n' }))
  const marked = await api.object('delete', 'pods', { name: 'c', body: body({ gracePeriodSeconds: -5 }) })
  assert.is(marked.metadata.deletionGracePeriodSeconds, 1)
})

test('an unmet precondition is 409', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const wrong = async (preconditions: object) =>
    (await api.refused('delete', 'configmaps', { name: 'a', body: body({ preconditions }) })).code
  assert.is(await wrong({ uid: 'other' }), 409)
  assert.is(await wrong({ resourceVersion: '1' }), 409)
  assert.is((await api.get('configmaps', 'a')).kind, 'ConfigMap')
})

test('finalizers keep the object; the write that empties them deletes it and answers 200', async (t) => {
  const api = await startApi(t)
  const finalizers = ['example.com/keep']
  await api.create('configmaps', { ...configMap('a'), metadata: { name: 'a', finalizers } })
  const reply = await api.reply('delete', 'configmaps', { name: 'a' })
  assert.is(reply.code, 200)
  assert.is(reply.object.kind, 'ConfigMap')
  assert.is(reply.object.metadata.deletionGracePeriodSeconds, 0)
  assert.ok(reply.object.metadata.deletionTimestamp)
  const again = await api.object('delete', 'configmaps', { name: 'a' })
  assert.is(again.metadata.resourceVersion, reply.object.metadata.resourceVersion, 'nothing new was said')
  const watched = await api.watch('configmaps', { resourceVersion: (await api.list('configmaps')).resourceVersion })
  const emptied = await api.reply('patch', 'configmaps', {
    name: 'a',
    patchType: 'merge',
    body: { metadata: { finalizers: null } },
  })
  assert.is(emptied.code, 200)
  assert.equal(await watched.heard(1), ['DELETED a'])
  assert.is((await api.refused('get', 'configmaps', { name: 'a' })).code, 404)
})

test('once marked: no new finalizers, no way back', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/keep'] } })
  const marked = await api.object('delete', 'configmaps', { name: 'a' })
  const more = { ...marked, metadata: { ...marked.metadata, finalizers: ['example.com/keep', 'example.com/more'] } }
  assert.is((await api.refused('update', 'configmaps', { name: 'a', body: more })).code, 422)
  const { deletionTimestamp: _gone, ...metadata } = marked.metadata
  const back = await api.update('configmaps', { ...marked, metadata, data: { n: '1' } })
  assert.is(back.metadata.deletionTimestamp, marked.metadata.deletionTimestamp)
})

test('a pod with a finalizer and no grace left is kept until the finalizer goes', async (t) => {
  const api = await startApi(t)
  const made = pod('a', { nodeName: 'n' })
  await api.create('pods', { ...made, metadata: { name: 'a', finalizers: ['example.com/keep'] } })
  await api.object('delete', 'pods', { name: 'a' })
  const now = await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '0' } })
  assert.is(now.metadata.deletionGracePeriodSeconds, 0)
  await api.merge('pods', 'a', { metadata: { finalizers: null } })
  assert.is((await api.refused('get', 'pods', { name: 'a' })).code, 404)
})

test('taking the last finalizer off a pod within its grace does not delete it', async (t) => {
  const api = await startApi(t)
  const made = pod('a', { nodeName: 'n' })
  await api.create('pods', { ...made, metadata: { name: 'a', finalizers: ['example.com/keep'] } })
  await api.object('delete', 'pods', { name: 'a' })
  await api.merge('pods', 'a', { metadata: { finalizers: null } })
  assert.is((await api.get('pods', 'a')).metadata.deletionGracePeriodSeconds, 30)
})

test('propagation: Foreground and Orphan add their finalizer, from the body or the query', async (t) => {
  const api = await startApi(t)
  const finalizers = async (name: string, rest: object): Promise<readonly string[] | undefined> => {
    await api.create('apps/v1/deployments', deployment(name))
    return (await api.object('delete', 'apps/v1/deployments', { name, ...rest })).metadata?.finalizers
  }
  assert.equal(await finalizers('a', { body: body({ propagationPolicy: 'Foreground' }) }), ['foregroundDeletion'])
  assert.equal(await finalizers('b', { query: { propagationPolicy: 'Orphan' } }), ['orphan'])
  assert.equal(await finalizers('c', { body: body({ orphanDependents: true }) }), ['orphan'])
  assert.is(await finalizers('d', { body: body({ propagationPolicy: 'Background' }) }), undefined)
  const changed = await api.object('delete', 'apps/v1/deployments', { name: 'a', query: { propagationPolicy: 'Orphan' } })
  assert.equal(changed.metadata.finalizers, ['orphan'])
  assert.is((await api.get<Deployment>('apps/v1/deployments', 'a')).metadata.generation, 2)
})

test('both forms of the policy, or an unknown one, are 422', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const code = async (options: object) => (await api.refused('delete', 'configmaps', { name: 'a', body: body(options) })).code
  assert.is(await code({ propagationPolicy: 'Orphan', orphanDependents: true }), 422)
  assert.is(await code({ propagationPolicy: 'Sideways' }), 422)
  assert.is(await code({ gracePeriodSeconds: 'soon' }), 400)
  assert.is(await code({ dryRun: ['Some'] }), 422)
})

test('the default is Orphan for v1 replication controllers and batch/v1 jobs, Background for all else', async (t) => {
  const api = await startApi(t)
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await api.create('replicationcontrollers', { metadata: { name: 'a' }, spec: { selector: { a: 'b' }, template } })
  const marked = await api.object('delete', 'replicationcontrollers', { name: 'a' })
  assert.equal(marked.metadata.finalizers, ['orphan'])
})

test('202 only for orphanDependents=false while pending', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/keep'] } })
  const reply = await api.reply('delete', 'configmaps', { name: 'a', query: { orphanDependents: 'false' } })
  assert.is(reply.code, 202)
})

test('a dry run deletes nothing', async (t) => {
  const api = await scheduled(t)
  const shown = await api.object('delete', 'pods', { name: 'a', query: { dryRun: 'All' } })
  assert.ok(shown.metadata.deletionTimestamp)
  await api.create('configmaps', configMap('a'))
  await api.object('delete', 'configmaps', { name: 'a', body: body({ dryRun: ['All'] }) })
  assert.is((await api.get('configmaps', 'a')).metadata.deletionTimestamp, undefined)
  assert.is((await api.get('pods', 'a')).metadata.deletionTimestamp, undefined)
})

test('DELETED carries the last state with the version of the deletion', async (t) => {
  const api = await startApi(t)
  const made = await api.create('configmaps', configMap('a', { n: '1' }))
  const watched = await api.watch('configmaps', { resourceVersion: made.metadata.resourceVersion ?? '' })
  await api.object('delete', 'configmaps', { name: 'a' })
  await watched.heard(1)
  const last = watched.events[0]?.item.object as KubeObject
  assert.equal(last.data, { n: '1' })
  assert.ok(Number(last.metadata.resourceVersion) > Number(made.metadata.resourceVersion))
})

test('deletecollection honours selectors and answers with the list; namespaces refuse it', async (t) => {
  const api = await startApi(t)
  for (const name of ['a', 'b', 'c']) {
    const labels = { kind: name === 'c' ? 'other' : 'some' }
    await api.create('configmaps', { ...configMap(name), metadata: { name, labels } })
  }
  const result = await api.handle('deletecollection', 'configmaps', { query: { labelSelector: 'kind=some' } })
  assert.is(result.type, 'list')
  assert.equal(result.type === 'list' && result.items.map((item) => item.name), ['a', 'b'])
  assert.equal(
    (await api.list('configmaps')).items.map((item) => item.name),
    ['c'],
  )
  assert.is((await api.refused('deletecollection', 'namespaces')).code, 405)
  assert.is((await api.refused('deletecollection', 'configmaps', { namespace: '' })).code, 405)
})

test('deleting a namespace marks it Terminating; finalize ends it', async (t) => {
  const api = await startApi(t)
  await api.create('namespaces', { metadata: { name: 'team' } })
  const marked = await api.object<Namespace>('delete', 'namespaces', { name: 'team' })
  assert.is(marked.status?.phase, 'Terminating')
  assert.ok(marked.metadata.deletionTimestamp)
  const late = await api.refused('create', 'configmaps', { namespace: 'team', body: configMap('a') })
  assert.is(late.code, 403)
  assert.is(late.details?.causes?.[0]?.reason, 'NamespaceTerminating')
  const { finalizers: _none, ...spec } = marked.spec ?? {}
  await api.update('namespaces/finalize', { ...marked, spec })
  assert.is((await api.refused('get', 'namespaces', { name: 'team' })).code, 404)
})

test('a service gives its address back in the transaction of its delete', async (t) => {
  const api = await startApi(t)
  const service = (name: string) => ({ metadata: { name }, spec: { clusterIP: '10.96.7.7', ports: [{ port: 80 }] } })
  await api.create<Service>('services', service('a'))
  const taken = await api.refused('create', 'services', { body: service('b') })
  assert.is(taken.code, 422)
  assert.match(taken.message, 'provided IP is already allocated')
  await api.object('delete', 'services', { name: 'a' })
  assert.is((await api.create<Service>('services', service('b'))).spec?.clusterIP, '10.96.7.7')
})

test('a deleted pod that was bound again under its name is not taken for the old one', async (t) => {
  const api = await scheduled(t)
  const { uid } = (await api.get<Pod>('pods', 'a')).metadata
  await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '0' } })
  await api.create('pods', pod('a', { nodeName: 'n' }))
  const late = body({ gracePeriodSeconds: 0, preconditions: { uid } })
  assert.is((await api.refused('delete', 'pods', { name: 'a', body: late })).code, 409)
})
