/** Eviction: the condition that says why a pod goes. Budgets are tried in `subresources.test.ts`. */
import type { Pod, PodCondition } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { ApiHooksToken } from './contract.js'
import { type Api, pod, startApi } from './testing.js'

const evicted = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
const at = (second: number): string => `2024-01-01T00:00:${String(second).padStart(2, '0')}Z`
const ready: PodCondition = { type: 'Ready', status: 'True', lastTransitionTime: at(0) }

async function start(t: TestContext, conditions: readonly PodCondition[] = [ready], name = 'a'): Promise<Api> {
  const api = await startApi(t)
  await api.create('pods', pod(name, { nodeName: 'n' }))
  await api.merge('pods/status', name, { status: { phase: 'Running', conditions } })
  return api
}
const evict = (api: Api, deleteOptions: object = {}, name = 'a') =>
  api.reply('create', 'pods/eviction', {
    name,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions },
  })
const refused = (api: Api, deleteOptions: object = {}, rest: object = {}) =>
  api.refused('create', 'pods/eviction', {
    name: 'a',
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' }, deleteOptions },
    ...rest,
  })
const conditionsOf = async (api: Api): Promise<readonly PodCondition[]> =>
  (await api.get<Pod>('pods', 'a')).status?.conditions ?? []

test('an evicted pod says so, beside what it said before, and is nobody’s', async (t) => {
  const api = await start(t)
  const { managedFields } = (await api.get('pods', 'a')).metadata
  await api.plane.clock.advance(5000)
  assert.is((await evict(api)).code, 201)
  const after = await api.get<Pod>('pods', 'a')
  assert.equal(after.status?.conditions, [ready, { ...evicted, lastTransitionTime: at(5) }])
  assert.is(after.status?.phase, 'Running')
  assert.ok(after.metadata.deletionTimestamp)
  assert.equal(after.metadata.managedFields, managedFields)
})

test('who watches hears of it before the pod goes, also of one that goes at once', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const watched = await api.watch('pods', { resourceVersion: (await api.list('pods')).resourceVersion })
  await evict(api)
  await watched.heard(2)
  assert.equal(watched.seen, ['MODIFIED a', 'DELETED a'])
  const last = watched.events.map(({ item }) => (item.object as Pod).status?.conditions?.at(-1)?.type)
  assert.equal(last, ['DisruptionTarget', 'DisruptionTarget'])
})

test('the condition of an earlier disruption is taken over where it stands; its time moves only with its status', async (t) => {
  const other = { type: 'DisruptionTarget', status: 'True', reason: 'Other', message: 'x', lastTransitionTime: at(1) }
  const api = await start(t, [other, ready])
  await api.plane.clock.advance(9000)
  await evict(api)
  assert.equal(await conditionsOf(api), [{ ...evicted, lastTransitionTime: at(1) }, ready])
  const over = await start(t, [{ ...other, status: 'False' }, ready])
  await over.plane.clock.advance(9000)
  await evict(over)
  assert.equal(await conditionsOf(over), [{ ...evicted, lastTransitionTime: at(9) }, ready])
})

test('evicting again writes nothing again', async (t) => {
  const api = await start(t)
  await evict(api)
  const before = await api.get('pods', 'a')
  await api.plane.clock.advance(1000)
  assert.is((await evict(api)).code, 201)
  assert.equal(await api.get('pods', 'a'), before)
})

test('a version that is wanted is that of before; another one, or another uid, leaves the pod as it is', async (t) => {
  const api = await start(t)
  const before = await api.get('pods', 'a')
  for (const preconditions of [{ resourceVersion: '1' }, { uid: 'other' }]) {
    assert.is((await refused(api, { preconditions })).code, 409)
    assert.equal(await api.get('pods', 'a'), before)
  }
  const { resourceVersion, uid } = before.metadata
  assert.is((await evict(api, { preconditions: { resourceVersion, uid } })).code, 201)
  assert.ok((await api.get('pods', 'a')).metadata.deletionTimestamp)
})

test('neither a dry run nor a refusal marks anything', async (t) => {
  const api = await start(t)
  await evict(api, { dryRun: ['All'] })
  assert.equal(await conditionsOf(api), [ready])
  await api.create('policy/v1/poddisruptionbudgets', { metadata: { name: 'b' }, spec: { minAvailable: 1, selector: {} } })
  assert.is((await refused(api)).code, 429)
  assert.equal(await conditionsOf(api), [ready])
  const deny = api.plane.kernel.get(ApiHooksToken).validate.tap('test', ({ operation }) => {
    return operation === 'CREATE' ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined
  })
  assert.is((await refused(api)).code, 403)
  deny()
  assert.equal(await conditionsOf(api), [ready])
})

test('admission is asked about the eviction and the delete, not about the condition', async (t) => {
  const api = await start(t)
  const seen: string[] = []
  t.defer(
    api.plane.kernel.get(ApiHooksToken).validate.tap('test', ({ operation, subresource }) => {
      seen.push(`${operation} ${subresource}`)
      return undefined
    }),
  )
  await evict(api)
  assert.equal(seen, ['CREATE eviction', 'DELETE eviction'])
})

test('many who evict and write at once: every status is kept, and the condition stands once', async (t) => {
  const api = await start(t)
  const evictions = Array.from({ length: 4 }, () => evict(api))
  const writes = Array.from({ length: 4 }, (_, index) => {
    const body = { status: { conditions: [{ type: `example.com/${index}`, status: 'True' }] } }
    return api.object('patch', 'pods/status', { name: 'a', patchType: 'strategic', body })
  })
  await Promise.all([...evictions, ...writes])
  const types = (await conditionsOf(api)).map(({ type }) => type).sort()
  assert.equal(types, ['DisruptionTarget', 'Ready', ...[0, 1, 2, 3].map((index) => `example.com/${index}`)])
})

test('a pod that is not there is 404', async (t) => {
  assert.is((await refused(await startApi(t))).code, 404)
})
