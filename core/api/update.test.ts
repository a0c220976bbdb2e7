import type { Deployment, KubeObject } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { configMap, deployment, pod, startApi } from './testing.js'

const lease = (name: string): KubeObject => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } })

test('a stale resourceVersion is 409 with the fixed text', async (t) => {
  const api = await startApi(t)
  const first = await api.create('apps/v1/deployments', deployment('a'))
  await api.update('apps/v1/deployments', { ...first, spec: { ...(first.spec as object), paused: true } })
  const status = await api.refused('update', 'apps/v1/deployments', { name: 'a', body: first })
  assert.is(status.code, 409)
  assert.is(
    status.message,
    'Operation cannot be fulfilled on deployments.apps "a": the object has been modified; ' +
      'please apply your changes to the latest version and try again',
  )
  assert.equal(status.details, { name: 'a', group: 'apps', kind: 'deployments' })
})

test('an empty resourceVersion overwrites, but not where the kind demands one', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a', { n: '1' }))
  assert.equal((await api.update('configmaps', configMap('a', { n: '2' }))).data, { n: '2' })
  await api.create('coordination.k8s.io/v1/leases', lease('l'))
  const status = await api.refused('update', 'coordination.k8s.io/v1/leases', { name: 'l', body: lease('l') })
  assert.is(status.code, 422)
  assert.match(status.message, 'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update')
})

test('unconditional updates at the same time all succeed, conditional ones only once', async (t) => {
  const api = await startApi(t)
  const made = await api.create('configmaps', configMap('a'))
  const numbers = [1, 2, 3, 4].map(String)
  await Promise.all(numbers.map((n) => api.update('configmaps', configMap('a', { n }))))
  const current = await api.get('configmaps', 'a')
  const racing = numbers.map((n) => api.update('configmaps', { ...current, data: { race: n } }))
  const results = await Promise.allSettled(racing)
  assert.is(results.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.is(made.metadata.uid, current.metadata.uid)
})

test('another uid is 409, another name or namespace 400, a missing object 404', async (t) => {
  const api = await startApi(t)
  const made = await api.create('configmaps', configMap('a'))
  const sent = (metadata: object) => ({ name: 'a', body: { ...made, metadata: { ...made.metadata, ...metadata } } })
  assert.is((await api.refused('update', 'configmaps', sent({ uid: 'other' }))).code, 409)
  assert.is((await api.refused('update', 'configmaps', sent({ name: 'b' }))).code, 400)
  assert.is((await api.refused('update', 'configmaps', sent({ namespace: 'b' }))).code, 400)
  const missing = await api.refused('update', 'configmaps', { name: 'b', body: configMap('b') })
  assert.is(missing.code, 404)
  assert.is(missing.message, 'configmaps "b" not found')
})

test('PUT creates the kinds that allow it, and only them', async (t) => {
  const api = await startApi(t)
  const { code, object } = await api.reply('update', 'coordination.k8s.io/v1/leases', { name: 'l', body: lease('l') })
  assert.is(code, 201)
  assert.ok(object.metadata.uid)
})

test('server-owned metadata stays whatever the body says', async (t) => {
  const api = await startApi(t)
  const made = await api.create('apps/v1/deployments', deployment('a'))
  const metadata = {
    ...made.metadata,
    creationTimestamp: '2000-01-01T00:00:00Z',
    generation: 9,
    selfLink: '/x',
    labels: { a: 'b' },
  }
  const now = (await api.update('apps/v1/deployments', { ...made, metadata })).metadata
  assert.is(now.creationTimestamp, made.metadata.creationTimestamp)
  assert.is(now.generation, 1)
  assert.is(now.selfLink, undefined)
  assert.equal(now.labels, { a: 'b' })
  const nulled = { ...made, metadata: { name: 'a', creationTimestamp: null }, status: {} }
  assert.is((await api.update('apps/v1/deployments', nulled as unknown as KubeObject)).metadata.uid, made.metadata.uid)
})

test('generation counts spec changes, for a Deployment annotations too, never status or labels', async (t) => {
  const api = await startApi(t)
  await api.create('apps/v1/deployments', deployment('a'))
  const generation = async (body: object, resource = 'apps/v1/deployments') =>
    (await api.merge(resource, 'a', body)).metadata.generation
  assert.is(await generation({ metadata: { labels: { a: 'b' } } }), 1)
  assert.is(await generation({ spec: { replicas: 3 } }), 2)
  assert.is(await generation({ metadata: { annotations: { a: 'b' } } }), 3)
  assert.is(await generation({ status: { replicas: 3 } }, 'apps/v1/deployments/status'), 3)
  await api.create('pods', pod('a'))
  assert.is(await generation({ metadata: { annotations: { a: 'b' } } }, 'pods'), 1)
})

test('a no-op update neither raises the resourceVersion nor sends an event', async (t) => {
  const api = await startApi(t)
  const made = await api.create('apps/v1/deployments', deployment('a'))
  const watched = await api.watch('apps/v1/deployments', { resourceVersion: made.metadata.resourceVersion ?? '' })
  const same = await api.update('apps/v1/deployments', deployment('a'))
  assert.is(same.metadata.resourceVersion, made.metadata.resourceVersion)
  const reordered = Object.fromEntries(Object.entries(made).reverse()) as KubeObject
  assert.is((await api.update('apps/v1/deployments', reordered)).metadata.resourceVersion, made.metadata.resourceVersion)
  await api.merge('apps/v1/deployments', 'a', { spec: { replicas: 2 } })
  assert.equal(await watched.heard(1), ['MODIFIED a'])
})

test('a dry-run update shows the result and keeps the resourceVersion', async (t) => {
  const api = await startApi(t)
  const made = await api.create('configmaps', configMap('a'))
  const query = { dryRun: 'All' }
  const shown = await api.merge('configmaps', 'a', { data: { n: '1' } }, { query })
  assert.equal(shown.data, { n: '1' })
  assert.is(shown.metadata.resourceVersion, made.metadata.resourceVersion)
  assert.is((await api.get('configmaps', 'a')).data, undefined)
})

test('writes to the object ignore status, writes to /status ignore spec', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Deployment>('apps/v1/deployments', deployment('a'))
  const main = await api.update<Deployment>('apps/v1/deployments', { ...made, status: { replicas: 5 } })
  assert.is(main.status?.replicas, undefined)
  const sent = { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 5, observedGeneration: 1 } }
  const status = await api.update<Deployment>('apps/v1/deployments/status', sent as unknown as KubeObject)
  assert.is(status.spec?.replicas, 1)
  assert.is(status.status?.replicas, 5)
  assert.equal(await api.get('apps/v1/deployments/status', 'a'), await api.get('apps/v1/deployments', 'a'))
})

test('/status keeps labels of workloads, takes annotations of Deployments and of others, and never owners', async (t) => {
  const api = await startApi(t)
  await api.create('apps/v1/deployments', deployment('a'))
  const body = { metadata: { labels: { x: 'y' }, annotations: { x: 'y' } }, status: { replicas: 1 } }
  const { metadata } = await api.merge('apps/v1/deployments/status', 'a', body)
  assert.is(metadata.labels?.x, undefined)
  assert.equal(metadata.annotations, { x: 'y' })
  assert.is(metadata.generation, 1)
  await api.create('apps/v1/replicasets', { ...deployment('a'), kind: 'ReplicaSet' } as unknown as KubeObject)
  assert.is((await api.merge('apps/v1/replicasets/status', 'a', body)).metadata.annotations, undefined)
  await api.create('pods', pod('a'))
  const owners = { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }] }
  const sent = { metadata: { annotations: { x: 'y' }, ...owners }, status: { phase: 'Running' } }
  const now = (await api.merge('pods/status', 'a', sent)).metadata
  assert.equal(now.annotations, { x: 'y' })
  assert.is(now.ownerReferences, undefined)
})

test('the reply of an update is what a watch shows', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const watched = await api.watch('configmaps', { resourceVersion: (await api.list('configmaps')).resourceVersion })
  const { item } = await api.reply('update', 'configmaps', { name: 'a', body: configMap('a', { n: '1' }) })
  await watched.heard(1)
  assert.ok(item)
  assert.is(watched.events[0]?.item.bytes, item?.bytes)
})

test('a volume tells since when it is in its phase: from its creation, and from each change of the phase', async (t) => {
  const api = await startApi(t)
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } }
  const made = await api.create('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec,
  })
  const since = (object: KubeObject): unknown => (object.status as { lastPhaseTransitionTime?: string }).lastPhaseTransitionTime
  assert.is(since(made), made.metadata.creationTimestamp)
  const tell = async (status: object): Promise<unknown> => {
    await api.plane.clock.advance(60_000)
    const current = await api.get('persistentvolumes', 'v')
    const body = { ...current, status: { ...(current.status as object), ...status } }
    return since(await api.update('persistentvolumes/status', body))
  }
  assert.is(await tell({ message: 'wait' }), since(made), 'a message is no phase')
  const available = await tell({ phase: 'Available' })
  assert.is.not(available, since(made))
  const own = '2020-01-01T00:00:00Z'
  assert.is(await tell({ phase: 'Bound', lastPhaseTransitionTime: own }), own, 'what a client says counts')
  assert.is.not(await tell({ phase: 'Released', lastPhaseTransitionTime: undefined }), own)
})
