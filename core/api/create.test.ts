import type { Namespace, Pod } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { configMap, deployment, pod, startApi } from './testing.js'

test('a create answers 201 with the stored bytes', async (t) => {
  const api = await startApi(t)
  const { code, object, item } = await api.reply('create', 'pods', { body: pod('a') })
  assert.is(code, 201)
  assert.equal(JSON.parse(item?.bytes.toString() ?? ''), object)
  const read = await api.reply('get', 'pods', { name: 'a' })
  assert.is(read.item, item, 'the reply and the cache share the bytes')
})

test('the server owns uid, creationTimestamp, generation, deletion marks and who manages what', async (t) => {
  const api = await startApi(t)
  const metadata = {
    name: 'a',
    uid: 'mine',
    creationTimestamp: '2000-01-01T00:00:00Z',
    deletionTimestamp: '2000-01-01T00:00:00Z',
    generation: 7,
    selfLink: '/x',
    managedFields: [{ manager: 'me', operation: 'Update', apiVersion: 'v1' }],
    labels: { kept: 'yes' },
  }
  const made = (await api.create('pods', { ...pod('a'), metadata })).metadata
  assert.match(made.uid ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
  assert.is(made.creationTimestamp, '2024-01-01T00:00:00Z')
  assert.is(made.generation, 1)
  assert.is(made.deletionTimestamp, undefined)
  assert.equal(
    made.managedFields?.map(({ manager }) => manager),
    ['test'],
  )
  assert.is(made.selfLink, undefined)
  assert.equal(made.labels, { kept: 'yes' })
})

test('kinds without a generation get none', async (t) => {
  const api = await startApi(t)
  assert.is((await api.create('configmaps', configMap('a'))).metadata.generation, undefined)
})

test('generateName cuts the base to 58 and adds five characters; name wins', async (t) => {
  const api = await startApi(t)
  const base = 'x'.repeat(70)
  const made = await api.create('configmaps', { metadata: { generateName: base } })
  assert.match(made.metadata.name, /^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.is(made.metadata.generateName, base)
  assert.is((await api.create('configmaps', { metadata: { generateName: 'a-', name: 'b' } })).metadata.name, 'b')
})

test('a name that exists is 409 AlreadyExists', async (t) => {
  const api = await startApi(t)
  await api.create('apps/v1/deployments', deployment('a'))
  const status = await api.refused('create', 'apps/v1/deployments', { body: deployment('a') })
  assert.is(status.code, 409)
  assert.is(status.reason, 'AlreadyExists')
  assert.is(status.message, 'deployments.apps "a" already exists')
  assert.equal(status.details, { name: 'a', group: 'apps', kind: 'deployments' })
})

test('of two creates at the same time one wins', async (t) => {
  const api = await startApi(t)
  const results = await Promise.allSettled([1, 2, 3].map(() => api.create('configmaps', configMap('a'))))
  assert.is(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('neither name nor generateName is 422', async (t) => {
  const api = await startApi(t)
  const status = await api.refused('create', 'configmaps', { body: { metadata: {} } })
  assert.is(status.code, 422)
  assert.is(status.message, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required')
})

test('a resourceVersion on a create is 400', async (t) => {
  const api = await startApi(t)
  const body = { ...configMap('a'), metadata: { name: 'a', resourceVersion: '5' } }
  assert.is((await api.refused('create', 'configmaps', { body })).code, 400)
})

test('the namespace comes from the URL, and another one in the body is 400', async (t) => {
  const api = await startApi(t)
  assert.is((await api.create('configmaps', configMap('a'))).metadata.namespace, 'default')
  const body = { ...configMap('b'), metadata: { name: 'b', namespace: 'other' } }
  assert.is((await api.refused('create', 'configmaps', { body })).code, 400)
})

test('another kind or version in the body is 400, an absent one is filled in', async (t) => {
  const api = await startApi(t)
  assert.match((await api.refused('create', 'configmaps', { body: pod('a') })).message, /does not match the expected/)
  const other = { ...deployment('a'), apiVersion: 'apps/v1beta1' }
  assert.is((await api.refused('create', 'apps/v1/deployments', { body: other })).code, 400)
  const made = await api.create('configmaps', { metadata: { name: 'a' } })
  assert.equal([made.apiVersion, made.kind], ['v1', 'ConfigMap'])
})

test('status is dropped where it is a subresource, but a node brings its own', async (t) => {
  const api = await startApi(t)
  const made = await api.create('apps/v1/deployments', { ...deployment('a'), status: { replicas: 9 } })
  assert.is((made.status as { replicas?: number } | undefined)?.replicas, undefined)
  const ours = await api.create<Pod>('pods', { ...pod('a'), status: { phase: 'Running' } })
  assert.is(ours.status?.phase, 'Pending')
  const node = await api.create('nodes', { metadata: { name: 'n' }, status: { capacity: { cpu: '4' } } })
  assert.equal(node.status, { capacity: { cpu: '4' }, allocatable: { cpu: '4' } })
})

test('values of a wrong type are 400, invalid ones 422 with causes', async (t) => {
  const api = await startApi(t)
  const typed = await api.refused('create', 'apps/v1/deployments', { body: deployment('a', { replicas: 'three' }) })
  assert.is(typed.code, 400)
  assert.match(typed.message, /^Deployment in version "v1" cannot be handled as a Deployment: /)
  const invalid = await api.refused('create', 'apps/v1/deployments', { body: deployment('a', { replicas: -1 }) })
  assert.is(invalid.code, 422)
  assert.is(invalid.reason, 'Invalid')
  assert.is(invalid.details?.kind, 'Deployment')
  assert.is(invalid.details?.causes?.[0]?.field, 'spec.replicas')
  assert.is(invalid.details?.causes?.[0]?.reason, 'FieldValueInvalid')
  assert.match(invalid.message, /^Deployment\.apps "a" is invalid: spec\.replicas: /)
})

test('Strict refuses unknown and duplicate fields, Warn warns, Ignore drops, nothing said warns', async (t) => {
  const api = await startApi(t)
  const body = pod('a', { extra: 1 })
  const rest = (fieldValidation: string) => ({ body, query: { fieldValidation, dryRun: 'All' }, duplicates: ['spec.containers'] })
  const strict = await api.refused('create', 'pods', rest('Strict'))
  assert.is(strict.code, 400)
  assert.match(strict.message, 'strict decoding error: unknown field "spec.extra", duplicate field "spec.containers"')
  const warned = ['unknown field "spec.extra"', 'duplicate field "spec.containers"']
  assert.equal((await api.reply('create', 'pods', rest('Warn'))).warnings, warned)
  assert.equal((await api.reply('create', 'pods', rest('Ignore'))).warnings, [])
  assert.equal((await api.reply('create', 'pods', rest(''))).warnings, warned)
  const { object } = await api.reply('create', 'pods', rest('Ignore'))
  assert.not('extra' in (object.spec as object))
  assert.is((await api.refused('create', 'pods', rest('Loud'))).code, 422)
})

test('a dry run goes the whole way and stores nothing', async (t) => {
  const api = await startApi(t)
  const before = (await api.list('pods')).resourceVersion
  const { code, object } = await api.reply('create', 'pods', { body: pod('a'), query: { dryRun: 'All' } })
  assert.is(code, 201)
  assert.is((object as Pod).spec?.tolerations?.length, 2)
  assert.is(object.metadata.resourceVersion, undefined)
  assert.is((await api.list('pods')).resourceVersion, before)
  assert.is((await api.refused('get', 'pods', { name: 'a' })).code, 404)
  assert.is((await api.refused('create', 'pods', { body: pod('a', { containers: [] }), query: { dryRun: 'All' } })).code, 422)
  assert.is((await api.refused('create', 'pods', { body: pod('a'), query: { dryRun: 'Some' } })).code, 422)
  await api.create('pods', pod('a'))
  assert.is((await api.refused('create', 'pods', { body: pod('a'), query: { dryRun: 'All' } })).code, 409)
})

test('namespaces begin with their finalizer, label and phase', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Namespace>('namespaces', { metadata: { name: 'team' } })
  assert.equal(made.spec?.finalizers, ['kubernetes'])
  assert.is(made.status?.phase, 'Active')
  assert.is(made.metadata.labels?.['kubernetes.io/metadata.name'], 'team')
})

test('events run out by a lease', async (t) => {
  const api = await startApi(t)
  const metadata = { name: 'e', namespace: 'default' }
  await api.create('events', { metadata, involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' } })
  await api.get('events', 'e')
  await api.plane.clock.advance(3_700_000)
  assert.is((await api.refused('get', 'events', { name: 'e' })).code, 404)
})
