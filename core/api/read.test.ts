import type { KubeObject } from '../kinds/contract.js'
import { StoreToken } from '../store/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { type Api, configMap, pod, startApi } from './testing.js'

async function withMaps(t: TestContext, count: number): Promise<Api> {
  const api = await startApi(t)
  for (let index = 0; index < count; index++) await api.create('configmaps', configMap(`m${index}`))
  return api
}
const names = (list: { items: readonly { name: string }[] }): string[] => list.items.map(({ name }) => name)

test('GET without a resourceVersion sees every acknowledged write', async (t) => {
  const api = await startApi(t)
  for (let index = 0; index < 20; index++) {
    const made = await api.create('configmaps', configMap(`m${index}`))
    assert.equal(await api.get('configmaps', `m${index}`), made)
  }
})

test('GET and LIST at 0 or N are not older; a version to come is 504 Too large resource version', async (t) => {
  const api = await withMaps(t, 1)
  const { resourceVersion } = (await api.get('configmaps', 'm0')).metadata
  const query = { resourceVersion: resourceVersion ?? '' }
  assert.ok(await api.get('configmaps', 'm0', { query }))
  assert.is((await api.list('configmaps', query)).items.length, 1)
  assert.is((await api.list('configmaps', { resourceVersion: '0' })).items.length, 1)
  for (const status of [
    await api.refused('get', 'configmaps', { name: 'm0', query: { resourceVersion: '99999' } }),
    await api.refused('list', 'configmaps', { query: { resourceVersion: '99999' } }),
    await api.refused('list', 'configmaps', { query: { resourceVersion: '99999', resourceVersionMatch: 'Exact' } }),
    await api.refused('watch', 'configmaps', { query: { resourceVersion: '99999' } }),
  ]) {
    assert.is(status.code, 504)
    assert.match(status.message, /^Too large resource version/)
    assert.is(status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge')
    assert.is(status.details?.retryAfterSeconds, 1)
  }
  assert.is((await api.refused('get', 'configmaps', { name: 'm0', query: { resourceVersion: 'new' } })).code, 400)
})

test('Exact shows that snapshot, N with a limit does so too', async (t) => {
  const api = await withMaps(t, 3)
  const { resourceVersion } = await api.list('configmaps')
  await api.object('delete', 'configmaps', { name: 'm0' })
  await api.create('configmaps', configMap('n'))
  const exact = await api.list('configmaps', { resourceVersion, resourceVersionMatch: 'Exact' })
  assert.equal(names(exact), ['m0', 'm1', 'm2'])
  assert.is(exact.resourceVersion, resourceVersion)
  assert.equal(names(await api.list('configmaps', { resourceVersion, limit: '10' })), ['m0', 'm1', 'm2'])
  const newer = await api.list('configmaps', { resourceVersion, resourceVersionMatch: 'NotOlderThan', limit: '10' })
  assert.equal(names(newer), ['m1', 'm2', 'n'])
})

test('a match without a version, with continue, unknown, or Exact with 0 is 422 of ListOptions', async (t) => {
  const api = await startApi(t)
  for (const query of [
    { resourceVersionMatch: 'Exact' },
    { resourceVersionMatch: 'Exact', resourceVersion: '0' },
    { resourceVersionMatch: 'Newest', resourceVersion: '1' },
    { resourceVersionMatch: 'Exact', resourceVersion: '1', continue: 'x' },
    { sendInitialEvents: 'true' },
  ]) {
    const status = await api.refused('list', 'configmaps', { query: query as Record<string, string> })
    assert.is(status.code, 422)
    assert.is(status.details?.kind, 'ListOptions')
  }
})

async function pages(api: Api, query: Record<string, string>): Promise<{ names: string[]; versions: string[] }> {
  const found: string[] = []
  const versions: string[] = []
  let token: string | undefined
  do {
    const page = await api.list('configmaps', token === undefined ? query : { ...query, continue: token })
    found.push(...names(page))
    versions.push(page.resourceVersion)
    token = page.continue
  } while (token !== undefined)
  return { names: found, versions }
}

test('pages carry the version of the first one, and what remains', async (t) => {
  const api = await withMaps(t, 7)
  const first = await api.list('configmaps', { limit: '3' })
  assert.equal(names(first), ['m0', 'm1', 'm2'])
  assert.is(first.remainingItemCount, 4)
  const all = await pages(api, { limit: '3' })
  assert.is(all.names.length, 7)
  assert.is(new Set(all.versions).size, 1)
})

test('changes between pages are not seen: further pages read the first page’s snapshot', async (t) => {
  const api = await withMaps(t, 7)
  const first = await api.list('configmaps', { limit: '3' })
  await api.object('delete', 'configmaps', { name: 'm4' })
  await api.create('configmaps', configMap('m99'))
  await api.update('configmaps', configMap('m5', { changed: 'yes' }))
  const second = await api.list('configmaps', { limit: '3', continue: first.continue ?? '' })
  assert.equal(names(second), ['m3', 'm4', 'm5'])
  assert.is(second.remainingItemCount, 1)
  assert.is(second.resourceVersion, first.resourceVersion)
  assert.is(second.items[2]?.object.data, undefined)
  const third = await api.list('configmaps', { limit: '3', continue: second.continue ?? '' })
  assert.equal(names(third), ['m6'])
  assert.is(third.continue, undefined)
})

test('with a selector pages are full and say nothing of what remains', async (t) => {
  const api = await startApi(t)
  for (let index = 0; index < 9; index++) {
    const labels = { odd: String(index % 2 === 1) }
    await api.create('configmaps', { ...configMap(`m${index}`), metadata: { name: `m${index}`, labels } })
  }
  const query = { limit: '2', labelSelector: 'odd=true' }
  const first = await api.list('configmaps', query)
  assert.equal(names(first), ['m1', 'm3'])
  assert.is(first.remainingItemCount, undefined)
  await api.create('configmaps', configMap('zz'))
  const second = await api.list('configmaps', { ...query, continue: first.continue ?? '' })
  assert.equal(names(second), ['m5', 'm7'])
})

test('a page whose snapshot is compacted is 410 with a token that goes on inconsistently', async (t) => {
  const api = await withMaps(t, 5)
  const first = await api.list('configmaps', { limit: '2' })
  await api.create('configmaps', configMap('m9'))
  const store = api.plane.kernel.get(StoreToken)
  await store.compact(await store.current())
  const status = await api.refused('list', 'configmaps', { query: { limit: '2', continue: first.continue ?? '' } })
  assert.is(status.code, 410)
  assert.is(status.reason, 'Expired')
  const rest = await pages(api, { limit: '2', continue: status.metadata.continue ?? '' })
  assert.equal(rest.names, ['m2', 'm3', 'm4', 'm9'])
  const exact = { resourceVersion: first.resourceVersion, resourceVersionMatch: 'Exact' }
  assert.is((await api.refused('list', 'configmaps', { query: exact })).code, 410)
})

test('continue with a version other than 0, or a malformed or foreign token, is 400', async (t) => {
  const api = await withMaps(t, 3)
  const token = (await api.list('configmaps', { limit: '1' })).continue ?? ''
  const forged = (fields: object): string =>
    Buffer.from(JSON.stringify({ v: 1, rv: 1, size: 0, ...fields })).toString('base64url')
  for (const query of [
    { continue: token, resourceVersion: '5' },
    { continue: 'nonsense' },
    { continue: forged({ after: '../x' }) },
    { continue: forged({ after: 'a/b/c' }) },
    { continue: forged({ after: 'kube-system/a' }) },
    { continue: forged({ after: 'default/a', rv: 1e15 }) },
    { continue: forged({ after: 'default/a', rv: -1 }) },
  ]) {
    const status = await api.refused('list', 'configmaps', { query: { limit: '1', ...query } })
    assert.is(status.code, 400, JSON.stringify(query))
  }
  assert.equal(names(await api.list('configmaps', { limit: '1', continue: token, resourceVersion: '0' })), ['m1'])
})

test('lists of all namespaces and of one', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  await api.create('configmaps', configMap('b'), { namespace: 'kube-system' })
  assert.equal(names(await api.list('configmaps')), ['a'])
  assert.equal(names(await api.list('configmaps', {}, { namespace: '' })), ['a', 'b'])
  const { continue: token = '' } = await api.list('configmaps', { limit: '1' }, { namespace: '' })
  assert.equal(names(await api.list('configmaps', { limit: '1', continue: token }, { namespace: '' })), ['b'])
  assert.equal(names(await api.list('configmaps', {}, { namespace: 'nowhere' })), [])
})

test('label and field selectors; an unknown field is 400', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a', { nodeName: 'n' }))
  await api.create('pods', pod('b'))
  assert.equal(names(await api.list('pods', { fieldSelector: 'spec.nodeName=n' })), ['a'])
  assert.equal(names(await api.list('pods', { fieldSelector: 'spec.nodeName!=n' })), ['b'])
  assert.equal(names(await api.list('pods', { fieldSelector: 'metadata.name=b' })), ['b'])
  assert.is((await api.refused('list', 'pods', { query: { fieldSelector: 'spec.colour=red' } })).code, 400)
  assert.is((await api.refused('list', 'pods', { query: { labelSelector: 'a==b==c' } })).code, 400)
})

test('names that could not be one path segment are 400 before they become keys', async (t) => {
  const api = await startApi(t)
  for (const name of ['..', '.', 'a/b', 'a%2fb', 'ä', 'a\0b', 'x'.repeat(300)]) {
    assert.is((await api.refused('get', 'configmaps', { name })).code, 400)
    assert.is((await api.refused('get', 'configmaps', { name: 'a', namespace: name })).code, 400)
    assert.is((await api.refused('delete', 'configmaps', { name })).code, 400)
  }
})

test('unknown resources are 404, verbs that a resource lacks 405', async (t) => {
  const api = await startApi(t)
  const status = await api.refused('get', 'gizmos', { name: 'a' })
  assert.is(status.code, 404)
  assert.is(status.message, 'the server could not find the requested resource')
  assert.is((await api.refused('get', 'pods/colour', { name: 'a' })).code, 404)
  assert.is((await api.refused('list', 'authorization.k8s.io/v1/selfsubjectaccessreviews')).code, 405)
  assert.is((await api.refused('get', 'nodes', { name: 'a', namespace: 'default' })).code, 404)
  assert.is((await api.refused('create', 'configmaps', { namespace: '', body: configMap('a') })).code, 405)
  assert.is((await api.refused('create', 'configmaps', { name: 'a', body: configMap('a') })).code, 405)
  assert.is((await api.refused('update', 'configmaps', { body: configMap('a') })).code, 405)
})

test('core and events.k8s.io events are two views of one store', async (t) => {
  const api = await startApi(t)
  const events = 'events.k8s.io/v1/events'
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'a' }
  await api.create('events', { metadata: { name: 'e' }, involvedObject, message: 'hello', count: 2, reason: 'Tested' })
  const viewed = await api.get(events, 'e')
  assert.is(viewed.apiVersion, 'events.k8s.io/v1')
  assert.equal(viewed.regarding, involvedObject)
  assert.is(viewed.note, 'hello')
  assert.is(viewed.message, undefined)
  assert.equal(names(await api.list(events, { fieldSelector: 'regarding.name=a' })), ['e'])
  assert.equal(names(await api.list(events, { fieldSelector: 'regarding.name=b' })), [])
  const reply = await api.reply('patch', events, { name: 'e', patchType: 'merge', body: { deprecatedCount: 3 } })
  assert.is(reply.object.deprecatedCount, 3)
  assert.equal(JSON.parse(reply.item?.bytes.toString() ?? '{}'), reply.object)
  assert.is((await api.get('events', 'e')).count, 3)
  const watched = await api.watch(events)
  await watched.heard(1)
  assert.equal(watched.events[0]?.item.object, reply.object)
})

test('autoscalers of v1 and v2 are two views; v1 loses nothing', async (t) => {
  const api = await startApi(t)
  const v1 = 'autoscaling/v1/horizontalpodautoscalers'
  const v2 = 'autoscaling/v2/horizontalpodautoscalers'
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } } }
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }
  const made = await api.create<KubeObject>(v2, {
    metadata: { name: 'h' },
    spec: { scaleTargetRef, maxReplicas: 3, metrics: [cpu, memory] },
  })
  const old = await api.get(v1, 'h')
  assert.is((old.spec as { targetCPUUtilizationPercentage?: number }).targetCPUUtilizationPercentage, 50)
  await api.update(v1, { ...old, spec: { ...(old.spec as object), maxReplicas: 5 } })
  const now = await api.get(v2, 'h')
  assert.equal(now.spec, { ...(made.spec as object), maxReplicas: 5 })
  assert.equal(now.metadata.annotations, made.metadata.annotations)
})
