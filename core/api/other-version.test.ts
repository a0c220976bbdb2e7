/** Who owns what of an autoscaler that some write as autoscaling/v1 and others as autoscaling/v2. */
import type { KubeObject } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { type Api, type Rest, startApi } from './testing.js'

const v1 = 'autoscaling/v1/horizontalpodautoscalers'
const v2 = 'autoscaling/v2/horizontalpodautoscalers'
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }
const metric = (name: string, averageUtilization: number): object => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', averageUtilization } },
})
const request = (resource: string, fieldManager: string, spec: object, force = false): Rest => ({
  name: 'h',
  patchType: 'apply',
  body: {
    apiVersion: resource.slice(0, resource.lastIndexOf('/')),
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  },
  query: { fieldManager, force: String(force) },
})
const apply = (api: Api, resource: string, manager: string, spec: object, force = false): Promise<KubeObject> =>
  api.object('patch', resource, request(resource, manager, spec, force))
const conflicts = async (api: Api, resource: string, manager: string, spec: object): Promise<unknown> => {
  const { code, details } = await api.refused('patch', resource, request(resource, manager, spec))
  return [code, ...(details?.causes ?? []).map(({ message, field }) => `${message} ${field}`)]
}
/** "one Apply autoscaling/v1: maxReplicas, targetCPUUtilizationPercentage" */
const owners = ({ metadata }: KubeObject): string[] =>
  (metadata.managedFields ?? []).map(({ manager, operation, apiVersion, fieldsV1 }) => {
    const fields = Object.keys((fieldsV1 as Record<string, object>)['f:spec'] ?? {}).map((key) => key.slice(2))
    return `${manager} ${operation} ${apiVersion}: ${fields.filter((field) => field !== 'scaleTargetRef' && field !== 'maxReplicas').join(', ')}`
  })
const spec = async (api: Api): Promise<Record<string, unknown>> => (await api.get(v2, 'h')).spec as Record<string, unknown>

test('each entry keeps the version that it was written in, whichever version is read', async (t) => {
  const api = await startApi(t)
  await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 50 })
  await apply(api, v2, 'two', { minReplicas: 2 })
  const wanted = ['one Apply autoscaling/v1: targetCPUUtilizationPercentage', 'two Apply autoscaling/v2: minReplicas']
  assert.equal(owners(await api.get(v1, 'h')), wanted)
  assert.equal(owners(await api.get(v2, 'h')), wanted)
})

test('what one owns in v1, another cannot change in v2 but by force, which takes it away; and the other way round', async (t) => {
  const api = await startApi(t)
  await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 50 })
  assert.equal(await conflicts(api, v2, 'two', { metrics: [metric('cpu', 70)] }), [
    409,
    'conflict with "one" .spec.targetCPUUtilizationPercentage',
  ])
  const forced = await apply(api, v2, 'two', { metrics: [metric('cpu', 70)] }, true)
  assert.equal(owners(forced), ['one Apply autoscaling/v1: ', 'two Apply autoscaling/v2: metrics'])
  assert.equal(await conflicts(api, v1, 'one', { targetCPUUtilizationPercentage: 80 }), [
    409,
    'conflict with "two" .spec.metrics',
  ])
  const back = await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 80 }, true)
  assert.equal(owners(back), ['one Apply autoscaling/v1: targetCPUUtilizationPercentage', 'two Apply autoscaling/v2: '])
})

test('the same value in the words of the other version is no conflict', async (t) => {
  const api = await startApi(t)
  await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 50 })
  const both = await apply(api, v2, 'two', { metrics: [metric('cpu', 50)] })
  assert.equal(owners(both), ['one Apply autoscaling/v1: targetCPUUtilizationPercentage', 'two Apply autoscaling/v2: metrics'])
})

test('updates in one version take fields of the other, and no others', async (t) => {
  const api = await startApi(t)
  await apply(api, v2, 'two', { minReplicas: 2, metrics: [metric('cpu', 50)] })
  const body = { spec: { targetCPUUtilizationPercentage: 80 } }
  await api.merge(v1, 'h', body, { query: { fieldManager: 'old' } })
  assert.equal(owners(await api.get(v2, 'h')), [
    'two Apply autoscaling/v2: minReplicas',
    'old Update autoscaling/v1: targetCPUUtilizationPercentage',
  ])
  await api.merge(v2, 'h', { spec: { metrics: [metric('cpu', 90)] } }, { query: { fieldManager: 'new' } })
  assert.equal(owners(await api.get(v2, 'h')), ['two Apply autoscaling/v2: minReplicas', 'new Update autoscaling/v2: metrics'])
})

test('who goes over to the other version takes what he had with him: what he applies no more, goes', async (t) => {
  const api = await startApi(t)
  await apply(api, v1, 'one', { minReplicas: 2, targetCPUUtilizationPercentage: 50 })
  const over = await apply(api, v2, 'one', { metrics: [metric('memory', 60)] })
  assert.equal(owners(over), ['one Apply autoscaling/v2: metrics'])
  assert.equal((await spec(api)).metrics, [metric('memory', 60)])
  assert.is((await spec(api)).minReplicas, 1, 'the default is back')
  await apply(api, v1, 'one', { minReplicas: 3 })
  const last = await spec(api)
  assert.equal([last.minReplicas, last.metrics], [3, undefined], 'nobody wants a metric any more')
})

test('what another applier wants as well stays, in whichever version he says so', async (t) => {
  const api = await startApi(t)
  await apply(api, v2, 'two', { metrics: [metric('cpu', 50)] })
  await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 50 })
  await apply(api, v1, 'one', {})
  assert.equal((await spec(api)).metrics, [metric('cpu', 50)])
  await apply(api, v1, 'one', { targetCPUUtilizationPercentage: 50 })
  await apply(api, v2, 'two', {})
  assert.equal((await spec(api)).metrics, [metric('cpu', 50)])
})

test('a client of v1 takes away its own target, and leaves what v1 cannot say', async (t) => {
  const api = await startApi(t)
  await apply(api, v2, 'two', { metrics: [metric('memory', 60), metric('cpu', 50)] })
  await api.merge(v1, 'h', { spec: { targetCPUUtilizationPercentage: null } })
  assert.equal((await spec(api)).metrics, [metric('memory', 60)])
})
