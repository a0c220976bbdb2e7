import * as fc from 'fast-check'
import { equalJson, type KubeObject, sortedJson } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { ApiHooksToken } from './contract.js'
import { type Api, configMap, deployment, pod, type Rest, startApi } from './testing.js'

const last = 'kubectl.kubernetes.io/last-applied-configuration'
const request = (body: KubeObject, manager: string, rest: Rest = {}): Rest => ({
  name: body.metadata.name,
  body,
  patchType: 'apply',
  ...rest,
  query: { fieldManager: manager, ...rest.query },
})
const force = { query: { force: 'true' } }
const apply = <T extends KubeObject>(api: Api, resource: string, body: KubeObject, manager = 'm', rest: Rest = {}): Promise<T> =>
  api.object<T>('patch', resource, request(body, manager, rest))
const entry = (object: KubeObject, manager: string) =>
  object.metadata.managedFields?.find((one) => one.manager === manager) as Record<string, unknown> | undefined
const data = (...keys: string[]): object => ({ 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) })
const deployments = 'apps/v1/deployments'

test('an apply creates what is missing, with 201', async (t) => {
  const api = await startApi(t)
  const reply = await api.reply('patch', 'configmaps', request(configMap('a', { b: '1' }), 'm'))
  assert.is(reply.code, 201)
  assert.equal(entry(reply.object, 'm'), {
    manager: 'm',
    operation: 'Apply',
    apiVersion: 'v1',
    time: '2024-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: data('b'),
  })
  assert.is((await api.reply('patch', 'configmaps', request(configMap('a', { b: '2' }), 'm'))).code, 200)
})

test('applying the same again writes nothing', async (t) => {
  const api = await startApi(t)
  const body = deployment('a', { replicas: 2 })
  const first = await apply(api, deployments, body)
  await api.plane.clock.advance(60_000)
  const again = await apply(api, deployments, body)
  assert.equal(again, first)
  await apply(api, deployments, { ...body, metadata: { name: 'a', labels: { a: 'b' } } })
  const changed = await api.get(deployments, 'a')
  assert.is.not(changed.metadata.resourceVersion, first.metadata.resourceVersion)
  assert.is(entry(changed, 'm')?.time, '2024-01-01T00:01:00Z')
})

test('what the manager does not apply any more goes, defaults come back', async (t) => {
  const api = await startApi(t)
  await apply(api, deployments, deployment('a', { replicas: 3, paused: true, minReadySeconds: 5 }))
  await api.merge(deployments, 'a', { spec: { paused: true, minReadySeconds: 6 } }, { query: { fieldManager: 'other' } })
  const { spec } = await apply(api, deployments, deployment('a'))
  assert.is((spec as Record<string, unknown>).replicas, 1)
  assert.is((spec as Record<string, unknown>).paused, undefined)
  assert.is((spec as Record<string, unknown>).minReadySeconds, 6, 'the other manager changed it')
})

test('fields of others are a conflict, in the words of Kubernetes', async (t) => {
  const api = await startApi(t)
  await api.create(deployments, deployment('a', { replicas: 1 }), { query: { fieldManager: 'maker' } })
  const wanted = (replicas: number, image: string): KubeObject =>
    deployment('a', {
      replicas,
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'main', image }] } },
    })
  const one = await api.refused('patch', deployments, request(wanted(2, 'web:1'), 'm'))
  assert.is(one.code, 409)
  assert.is(one.reason, 'Conflict')
  assert.is(one.message, 'Apply failed with 1 conflict: conflict with "maker" using apps/v1: .spec.replicas')
  assert.equal(one.details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "maker" using apps/v1', field: '.spec.replicas' },
  ])
  await api.merge(`${deployments}/scale`, 'a', { spec: { replicas: 7 } }, { query: { fieldManager: 'hpa' } })
  const two = await api.refused('patch', deployments, request(wanted(2, 'web:2'), 'm'))
  assert.is(
    two.message,
    'Apply failed with 2 conflicts: conflicts with "hpa" with subresource "scale" using apps/v1:\n- .spec.replicas\n' +
      'conflicts with "maker" using apps/v1:\n- .spec.template.spec.containers[name="main"].image',
  )
  const forced = await apply(api, deployments, wanted(2, 'web:2'), 'm', force)
  assert.is((forced.spec as { replicas: number }).replicas, 2)
  assert.is(entry(forced, 'hpa'), undefined)
  const other = await api.refused('patch', deployments, request(wanted(3, 'web:2'), 'n'))
  assert.is(other.message, 'Apply failed with 1 conflict: conflict with "m": .spec.replicas')
  const shared = await apply(api, deployments, wanted(2, 'web:2'), 'n')
  assert.ok(entry(shared, 'm') && entry(shared, 'n'), 'the same value is owned together')
})

test('a field that two apply goes with the second', async (t) => {
  const api = await startApi(t)
  await apply(api, 'configmaps', configMap('a', { b: '1', x: '1' }), 'one')
  await apply(api, 'configmaps', configMap('a', { b: '1', y: '1' }), 'two')
  assert.equal((await apply(api, 'configmaps', configMap('a', { x: '1' }), 'one')).data, { b: '1', x: '1', y: '1' })
  const left = await apply(api, 'configmaps', configMap('a', { y: '1' }), 'two')
  assert.equal(left.data, { x: '1', y: '1' })
  const none = await apply(api, 'configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }, 'one')
  assert.equal(none.data, { y: '1' })
  assert.is(entry(none, 'one'), undefined)
})

test('items of lists are owned by their keys', async (t) => {
  const api = await startApi(t)
  const service = (...ports: object[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { ports },
  })
  await apply(api, 'services', service({ name: 'x', port: 80 }, { name: 'y', port: 81 }), 'one')
  const both = await apply(api, 'services', service({ name: 'z', port: 82, protocol: 'TCP' }), 'two')
  const ports = (object: KubeObject) => (object.spec as { ports: { port: number }[] }).ports.map(({ port }) => port)
  assert.equal(ports(both), [80, 81, 82])
  const less = await apply(api, 'services', service({ name: 'y', port: 81 }), 'one')
  assert.equal(ports(less), [81, 82])
})

test('null is a value that is wanted: none', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', { ...configMap('a', { b: '1' }), metadata: { name: 'a', labels: { x: '1' } } })
  const body = { ...configMap('a'), metadata: { name: 'a', labels: { x: null } } } as unknown as KubeObject
  const after = await apply(api, 'configmaps', body, 'm', force)
  assert.equal(after.metadata.labels?.x ?? '', '')
  const zero = await apply(api, 'pods', pod('p', { hostNetwork: true }))
  assert.is((zero.spec as { hostNetwork?: boolean }).hostNetwork, true)
})

test('what is no configuration is refused', async (t) => {
  const api = await startApi(t)
  const refused = (body: unknown, query: Record<string, string> = {}) =>
    api.refused('patch', deployments, { name: 'a', body, patchType: 'apply', query: { fieldManager: 'm', ...query } })
  const whole = deployment('a')
  const nobody = await api.refused('patch', deployments, { name: 'a', body: whole, patchType: 'apply' })
  assert.is(nobody.code, 422)
  assert.is(nobody.message, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch')
  const managed = await refused({ ...whole, metadata: { name: 'a', managedFields: [] } })
  assert.equal([managed.code, managed.message], [400, 'metadata.managedFields must be nil'])
  assert.is((await refused({ ...whole, kind: 'Pod' })).message, 'invalid object type: apps/v1, Kind=Pod')
  assert.is((await refused({ metadata: { name: 'a' } })).message, 'invalid object type: /, Kind=')
  for (const body of [undefined, null, 'text', [], 3]) assert.is((await refused(body)).code, 400)
  const unknown = await refused({ ...whole, spec: { replica: 1 }, extra: {} }, { fieldValidation: 'Ignore' })
  assert.is(unknown.code, 400)
  assert.is(
    unknown.message,
    'failed to create typed patch object (/a; apps/v1, Kind=Deployment): errors:\n' +
      '  .spec.replica: field not declared in schema\n  .extra: field not declared in schema',
  )
  assert.is((await refused({ ...whole, spec: { replicas: 'many' } })).code, 400)
  assert.is((await refused(JSON.parse('{"apiVersion":"apps/v1","kind":"Deployment","__proto__":{}}'))).code, 400)
  assert.is((await refused(whole, { dryRun: 'Some' })).code, 422)
  const uid = await refused({ ...whole, metadata: { name: 'a', uid: 'x' } })
  assert.is(uid.code, 409)
  assert.match(uid.message, 'uid mismatch: the provided object specified uid x, and no existing object was found')
  assert.is((await refused({ ...whole, metadata: { name: 'b' } })).code, 400)
  assert.is((await refused({ ...whole, metadata: { name: 'a', namespace: 'elsewhere' } })).code, 400)
  assert.is((await refused({ ...whole, spec: {} })).code, 422, 'what it makes is validated')
  assert.is((await api.refused('get', deployments, { name: 'a' })).code, 404, 'nothing was made')
})

test('uid and resourceVersion are preconditions', async (t) => {
  const api = await startApi(t)
  const { uid, resourceVersion } = (await apply(api, 'configmaps', configMap('a', { b: '1' }))).metadata
  const body = (metadata: object): KubeObject => ({ ...configMap('a', { b: '2' }), metadata: { name: 'a', ...metadata } })
  await apply(api, 'configmaps', body({ uid, resourceVersion }))
  assert.is((await api.refused('patch', 'configmaps', request(body({ resourceVersion }), 'm'))).code, 409)
  assert.is((await api.refused('patch', 'configmaps', request(body({ uid: 'other' }), 'm'))).code, 409)
})

test('a dry run shows the result and writes nothing', async (t) => {
  const api = await startApi(t)
  const dry = { query: { dryRun: 'All' } }
  assert.equal((await apply(api, 'configmaps', configMap('a', { b: '1' }), 'm', dry)).data, { b: '1' })
  assert.is((await api.refused('get', 'configmaps', { name: 'a' })).code, 404)
  const made = await apply(api, 'configmaps', configMap('a', { b: '1' }))
  assert.equal((await apply(api, 'configmaps', configMap('a', { c: '1' }), 'm', dry)).data, { c: '1' })
  assert.equal(await api.get('configmaps', 'a'), made)
})

test('the status is applied through its subresource alone', async (t) => {
  const api = await startApi(t)
  const body = { ...deployment('a', { replicas: 2 }), status: { replicas: 5 } } as KubeObject
  assert.is((await api.refused('patch', `${deployments}/status`, request(body, 'm'))).code, 404)
  const made = await apply(api, deployments, body)
  assert.is(
    Object.keys(entry(made, 'm')?.fieldsV1 ?? {}).find((field) => field === 'f:status'),
    undefined,
  )
  assert.is((made.status as { replicas?: number } | undefined)?.replicas, undefined)
  const status = await apply(api, `${deployments}/status`, { ...body, spec: { replicas: 9 } } as KubeObject)
  assert.is((status.status as { replicas: number }).replicas, 5)
  assert.is((status.spec as { replicas: number }).replicas, 2)
  const own = status.metadata.managedFields?.find((one) => one.subresource === 'status')
  assert.equal(own?.fieldsV1, { 'f:status': { 'f:replicas': {} } })
  assert.is(status.metadata.managedFields?.length, 2)
  const gone = await apply(api, `${deployments}/status`, deployment('a'))
  assert.is((gone.status as { replicas?: number } | undefined)?.replicas, undefined)
})

test('replicas are applied through the scale', async (t) => {
  const api = await startApi(t)
  await apply(api, deployments, deployment('a', { replicas: 2 }), 'maker')
  const scale = (replicas: number): KubeObject => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'a' },
    spec: { replicas },
  })
  const refused = await api.refused('patch', `${deployments}/scale`, request(scale(5), 'm'))
  assert.is(refused.message, 'Apply failed with 1 conflict: conflict with "maker": .spec.replicas')
  await api.merge(deployments, 'a', { spec: { replicas: 3 } }, { query: { fieldManager: 'u' } })
  const updated = await api.refused('patch', `${deployments}/scale`, request(scale(5), 'm'))
  assert.is(updated.message, 'Apply failed with 1 conflict: conflict with "u" using autoscaling/v1: .spec.replicas')
  const scaled = await apply(api, `${deployments}/scale`, scale(5), 'm', force)
  assert.is(scaled.kind, 'Scale')
  assert.equal(scaled.spec, { replicas: 5 })
  const object = await api.get(deployments, 'a')
  const { time: _time, ...own } = entry(object, 'm') ?? {}
  assert.equal(own, {
    manager: 'm',
    operation: 'Apply',
    apiVersion: 'apps/v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    subresource: 'scale',
  })
})

test('kubectl goes over from its own apply to that of the server', async (t) => {
  const api = await startApi(t)
  const config = configMap('a', { b: '1', c: '1' })
  const annotations = { [last]: `${sortedJson(config)}\n` }
  const client = { query: { fieldManager: 'kubectl-client-side-apply' } }
  await api.create('configmaps', { ...config, metadata: { name: 'a', annotations } }, client)
  const wanted = configMap('a', { b: '2', c: '1' })
  const stranger = await api.refused('patch', 'configmaps', request(wanted, 'stranger'))
  assert.match(stranger.message, 'conflict with "kubectl-client-side-apply" using v1: .data.b')
  const over = await apply(api, 'configmaps', wanted, 'kubectl')
  assert.equal(over.data, { b: '2', c: '1' })
  assert.is(over.metadata.annotations?.[last], `${sortedJson(wanted)}\n`)
  await api.merge('configmaps', 'a', { data: { c: '9' } }, { query: { fieldManager: 'hand' } })
  const changed = await api.refused('patch', 'configmaps', request(configMap('a', { b: '3', c: '2' }), 'kubectl'))
  assert.is(changed.message, 'Apply failed with 1 conflict: conflict with "hand" using v1: .data.c')
})

test('two who apply at once both succeed, and one of two creators wins', async (t) => {
  const api = await startApi(t)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  await Promise.all(names.map((name) => apply(api, 'configmaps', configMap('x', { [name]: '1' }), name)))
  const object = await api.get('configmaps', 'x')
  assert.equal(Object.keys(object.data as object).sort(), names)
  for (const name of names) assert.equal(entry(object, name)?.fieldsV1, data(name))
})

test('an apply is admitted, needs its right and counts generations', async (t) => {
  const api = await startApi(t)
  const alice = { user: { name: 'alice', groups: [] } }
  assert.is((await api.refused('patch', 'configmaps', request(configMap('a'), 'm', alice))).code, 403)
  const hooks = api.plane.kernel.get(ApiHooksToken)
  const verdict = ({ verb }: { verb: string }) => ({ allowed: verb === 'patch', reason: '' })
  t.defer(hooks.authorize.tap('patches-only', verdict))
  const create = await api.refused('patch', 'configmaps', request(configMap('a'), 'm', alice))
  assert.match(create.message, 'User "alice" cannot create resource "configmaps"')
  await apply(api, 'configmaps', configMap('a'))
  await apply(api, 'configmaps', configMap('a', { b: '1' }), 'm', alice)
  await apply(api, deployments, deployment('a', { replicas: 1 }))
  const next = await apply(api, deployments, deployment('a', { replicas: 2 }))
  assert.is(next.metadata.generation, 2)
})

const values = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'))
/** Without data there is no field: an empty map is one that somebody wants empty. */
const map = (name: string, content: Record<string, string>): KubeObject => {
  const { data: _data, ...bare } = configMap(name)
  return Object.keys(content).length === 0 ? bare : { ...bare, data: content }
}
const own = (prefix: string, map: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [prefix + key, value]))

test(
  'apply is idempotent, disjoint sets commute, and what only one applied goes with it',
  async (t) => {
    const api = await startApi(t)
    let run = 0
    await fc.assert(
      fc.asyncProperty(values, values, values, async (first, second, other) => {
        const [x, y] = [`x-${run}`, `y-${run++}`]
        const [mine, next, theirs] = [own('m', first), own('m', second), own('t', other)]
        const once = await apply(api, 'configmaps', map(x, mine), 'm')
        assert.equal(await apply(api, 'configmaps', map(x, mine), 'm'), once)
        await apply(api, 'configmaps', map(x, theirs), 't')
        const there = await apply(api, 'configmaps', map(x, next), 'm')
        await apply(api, 'configmaps', map(y, theirs), 't')
        await apply(api, 'configmaps', map(y, mine), 'm')
        const back = await apply(api, 'configmaps', map(y, next), 'm')
        assert.ok(equalJson(there.data ?? {}, back.data ?? {}))
        assert.equal(there.data ?? {}, { ...next, ...theirs })
        const managers = (object: KubeObject) => ['m', 't'].map((name) => entry(object, name)?.fieldsV1)
        assert.equal(managers(there), managers(back))
      }),
      { numRuns: 40 },
    )
  },
  { timeoutMs: 30_000 },
)
