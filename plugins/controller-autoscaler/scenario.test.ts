import { ApiHooksToken } from '@davit/core/api'
import { deployments, horizontalPodAutoscalers, pods } from '@davit/core/client'
import type { HorizontalPodAutoscaler } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { namespace, plane } from './testing.js'

const test = suite('autoscaler')
const sync = 15_000

test('more Pods are made while they use more than the target, and the status says why', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  at.used.set('web', { cpu: '160m', memory: '10Mi' })
  await at.autoscaler('web')
  await at.quiet()
  assert.is(await at.replicas('web'), 4, '160 % of the requests, 80 % wanted')
  const { status } = await at.hpa('web')
  assert.is(status?.currentReplicas, 2)
  assert.is(status?.desiredReplicas, 4)
  assert.ok(status?.lastScaleTime)
  assert.equal(status?.currentMetrics, [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 160, averageValue: '160m' } } },
  ])
  assert.equal(
    status?.conditions?.map(({ type, status: is, reason, message }) => [type, is, reason, message]),
    [
      ['AbleToScale', 'True', 'SucceededRescale', 'the HPA controller was able to update the target scale to 4'],
      [
        'ScalingActive',
        'True',
        'ValidMetricFound',
        'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
      ],
      ['ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range'],
    ],
  )
  assert.equal(await at.told(), [
    'Normal SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target',
  ])
})

test('a settled workload is looked at each sync, and nothing is written', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  await at.autoscaler('web')
  await at.quiet()
  assert.equal(
    at.writes().map(({ kind, item }) => `${kind.kind} ${item.name}`),
    ['HorizontalPodAutoscaler web'],
  )
  for (let round = 0; round < 20; round += 1) await at.pass(sync)
  assert.is(at.writes().length, 0)
  assert.equal(await at.conditions('web'), [
    'AbleToScale=True ReadyForNewScale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ])
})

test('Pods go when the highest recommendation of five minutes is lower', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 4)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  await at.autoscaler('web')
  await at.pass(sync)
  at.used.set('web', { cpu: '20m' })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 4)
  assert.equal((await at.conditions('web'))[0], 'AbleToScale=True ScaleDownStabilized')
  await at.pass(285_000)
  assert.is(await at.replicas('web'), 4)
  await at.pass(2 * sync)
  assert.is(await at.replicas('web'), 1)
  assert.ok((await at.told()).includes('Normal SuccessfulRescale: New size: 1; reason: All metrics below target'))
})

test('behaviour holds: windows, policies, and none at all', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 1)
  await at.fill('web')
  at.used.set('web', { cpu: '800m' })
  const scaleDown = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }
  const scaleUp = { policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }] }
  await at.autoscaler('web', { behavior: { scaleUp, scaleDown } })
  await at.quiet()
  assert.is(await at.replicas('web'), 2)
  assert.is((await at.conditions('web'))[2], 'ScalingLimited=True ScaleUpLimit')
  await at.fill('web')
  await at.pass(sync)
  assert.is(await at.replicas('web'), 2, 'within the period')
  await at.pass(sync)
  assert.is(await at.replicas('web'), 4)
  await at.fill('web')
  // Else those that came within the minute could go again.
  at.used.set('web', { cpu: '80m' })
  await at.pass(4 * sync)
  at.used.set('web', { cpu: '1m' })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 3, 'one a minute')
  assert.is((await at.conditions('web'))[2], 'ScalingLimited=True ScaleDownLimit')
  await at.pass(3 * sync)
  assert.is(await at.replicas('web'), 3)
  await at.pass(sync)
  assert.is(await at.replicas('web'), 2)
  const hpa = await at.hpa('web')
  const behavior = { scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 0 } }
  await at.client.update(horizontalPodAutoscalers, { ...hpa, spec: { ...hpa.spec, behavior } } as HorizontalPodAutoscaler)
  await at.pass(600_000)
  assert.is(await at.replicas('web'), 2)
})

test('the bounds hold before any metric does, and a workload of size zero is left alone', async (t) => {
  const at = await plane(t)
  for (const [name, size] of [
    ['many', 12],
    ['few', 1],
    ['none', 0],
  ] as const) {
    await at.deployment(name, size)
    await at.autoscaler(name, { minReplicas: 2, maxReplicas: 5 })
  }
  await at.quiet()
  assert.equal(await Promise.all(['many', 'few', 'none'].map((name) => at.replicas(name))), [5, 2, 0])
  assert.ok((await at.conditions('none')).includes('ScalingActive=False ScalingDisabled'))
  const told = await at.told()
  assert.ok(told.includes('Normal SuccessfulRescale: New size: 5; reason: Current number of replicas above Spec.MaxReplicas'))
  assert.ok(told.includes('Normal SuccessfulRescale: New size: 2; reason: Current number of replicas below Spec.MinReplicas'))
})

test('no more than maxReplicas are made, and at most twice as many at once', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 3)
  await at.fill('web')
  at.used.set('web', { cpu: '900m' })
  await at.autoscaler('web', { maxReplicas: 8 })
  await at.quiet()
  assert.is(await at.replicas('web'), 6)
  assert.is((await at.conditions('web'))[2], 'ScalingLimited=True ScaleUpLimit')
  await at.fill('web')
  await at.pass(sync)
  assert.is(await at.replicas('web'), 8)
  assert.is((await at.conditions('web'))[2], 'ScalingLimited=True TooManyReplicas')
})

test('where metrics cannot be had the status and the events say so, and nothing is scaled', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  at.withoutMetrics()
  await at.autoscaler('web')
  await at.quiet()
  const why =
    'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'
  const active = (await at.hpa('web')).status?.conditions?.find(({ type }) => type === 'ScalingActive')
  assert.is(active?.reason, 'FailedGetResourceMetric')
  assert.is(active?.message, `the HPA was unable to compute the replica count: ${why}`)
  assert.equal((await at.hpa('web')).status?.currentMetrics, [{ type: '' }])
  assert.equal(await at.told(), [
    `Warning FailedGetResourceMetric: ${why}`,
    `Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${why}`,
  ])
  assert.is(await at.replicas('web'), 2)
})

test('of several metrics the greatest number counts, and one that is unknown lets no Pod go', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  at.used.set('web', { cpu: '10m', memory: '150Mi' })
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } },
  ]
  await at.autoscaler('web', { metrics, behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } })
  await at.quiet()
  assert.is(await at.replicas('web'), 3)
  await at.fill('web')
  at.used.set('web', { cpu: '10m' })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 3, 'without memory nobody knows whether fewer are enough')
  assert.equal(
    (await at.hpa('web')).status?.currentMetrics?.map(({ type }) => type),
    ['Resource', ''],
  )
  at.used.set('web', { cpu: '100m' })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 6, 'but more may be made')
})

test('one container of several', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web', { containers: ['main', 'side'] })
  at.used.set('web', { main: { cpu: '100m' }, side: { cpu: '500m' } })
  const target = { type: 'Utilization', averageUtilization: 50 }
  const metric = (container: string) => ({ type: 'ContainerResource', containerResource: { name: 'cpu', container, target } })
  await at.autoscaler('web', { metrics: [metric('main')] })
  await at.quiet()
  assert.is(await at.replicas('web'), 4)
  assert.ok((await at.told())[0]?.endsWith('cpu container resource utilization (percentage of request) above target'))
  const hpa = await at.hpa('web')
  await at.client.update(horizontalPodAutoscalers, { ...hpa, spec: { ...hpa.spec, metrics: [metric('other')] } })
  await at.quiet()
  assert.ok((await at.conditions('web')).includes('ScalingActive=False FailedGetContainerResourceMetric'))
  assert.match((await at.told()).join('\n'), /container other not present in metrics for pod default\/web-\d/)
})

test('Pods without requests, without readiness or without figures are told', async (t) => {
  const at = await plane(t)
  for (const name of ['bare', 'young', 'dark', 'empty']) await at.deployment(name, 1)
  await at.fill('bare', { requests: undefined })
  await at.fill('young', { ready: false, startedMs: 60_000 })
  await at.fill('dark')
  at.used.set('bare', { cpu: '1' })
  at.used.set('young', { cpu: '1' })
  for (const name of ['bare', 'young', 'dark', 'empty']) await at.autoscaler(name)
  await at.quiet()
  const why = async (name: string) =>
    (await at.hpa(name)).status?.conditions
      ?.find(({ type }) => type === 'ScalingActive')
      ?.message?.split(': ')
      .at(-1)
  assert.is(await why('bare'), 'missing request for cpu in container main of Pod bare-0')
  assert.is(await why('young'), 'did not receive metrics for targeted pods (pods might be unready)')
  assert.is(await why('dark'), 'no metrics returned from resource metrics API')
  assert.is(await why('empty'), 'no metrics returned from resource metrics API')
})

test('metrics of Pods, objects and the outside world come from the APIs that serve them', async (t) => {
  const at = await plane(t)
  const custom = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default'
  for (const name of ['pods', 'object', 'each', 'outside']) {
    await at.deployment(name, 2)
    await at.fill(name)
  }
  const value = (text: string, name = 'x') => ({ describedObject: { kind: 'Pod', name }, metric: { name: 'm' }, value: text })
  const answer = (path: string, ...items: object[]) => at.answers.set(path, { kind: 'MetricValueList', metadata: {}, items })
  const byPod = `${custom}/pods/*/requests?labelSelector=app%3Dpods&metricLabelSelector=path%3Dhome`
  answer(byPod, value('15', 'pods-0'), value('25', 'pods-1'))
  answer(`${custom}/ingresses.networking.k8s.io/main/requests`, value('3k'))
  answer(`${custom}/services/front/queue`, value('500m'))
  answer('/apis/external.metrics.k8s.io/v1beta1/namespaces/default/jobs?labelSelector=queue%3Da', value('30'), value('12'))
  await at.register('v1beta2.custom.metrics.k8s.io')
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }
  const selector = { matchLabels: { path: 'home' } }
  const target = (type: string, amount: string) => ({ type, [type === 'Value' ? 'value' : 'averageValue']: amount })
  await at.autoscaler('pods', {
    metrics: [{ type: 'Pods', pods: { metric: { name: 'requests', selector }, target: target('AverageValue', '10') } }],
  })
  const requests = { describedObject: ingress, metric: { name: 'requests' }, target: target('Value', '2k') }
  await at.autoscaler('object', { metrics: [{ type: 'Object', object: requests }] })
  const front = { kind: 'Service', name: 'front' }
  const queue = { describedObject: front, metric: { name: 'queue' }, target: target('AverageValue', '100m') }
  await at.autoscaler('each', { metrics: [{ type: 'Object', object: queue }] })
  const jobs = { metric: { name: 'jobs', selector: { matchLabels: { queue: 'a' } } }, target: target('AverageValue', '10') }
  await at.autoscaler('outside', { metrics: [{ type: 'External', external: jobs }] })
  await at.quiet()
  assert.equal(await Promise.all(['pods', 'object', 'each', 'outside'].map((name) => at.replicas(name))), [4, 3, 4, 4])
  const status = async (name: string) => (await at.hpa(name)).status?.currentMetrics?.[0]
  assert.is((await status('pods'))?.pods?.current.averageValue, '20')
  assert.is((await status('object'))?.object?.current.value, '3k')
  assert.is((await status('each'))?.object?.current.averageValue, '250m')
  assert.is((await status('outside'))?.external?.current.averageValue, '21')
  assert.ok(at.asked.every((line) => line.startsWith('system:controller:horizontal-pod-autoscaler-controller ')))
  const told = (await at.told()).join('\n')
  assert.match(told, /New size: 4; reason: pods metric requests above target/)
  assert.match(told, /New size: 3; reason: Ingress metric requests above target/)
  assert.match(
    told,
    /external metric jobs\(&LabelSelector\{MatchLabels:map\[string\]string\{queue: a,\},MatchExpressions:\[\]LabelSelectorRequirement\{\},\}\) above/,
  )
})

test('custom and external metrics that nobody serves are told in the words of Kubernetes', async (t) => {
  const at = await plane(t)
  for (const name of ['pods', 'object', 'outside']) {
    await at.deployment(name, 1)
    await at.fill(name)
  }
  const target = { type: 'AverageValue', averageValue: '1' }
  await at.autoscaler('pods', { metrics: [{ type: 'Pods', pods: { metric: { name: 'requests' }, target } }] })
  const object = { describedObject: { kind: 'Service', name: 'front' }, metric: { name: 'queue' }, target }
  await at.autoscaler('object', { metrics: [{ type: 'Object', object }] })
  await at.autoscaler('outside', { metrics: [{ type: 'External', external: { metric: { name: 'jobs' }, target } }] })
  await at.quiet()
  const none = 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'
  const told = await at.told()
  assert.ok(told.includes(`Warning FailedGetPodsMetric: unable to get metric requests: ${none}`))
  assert.ok(told.includes(`Warning FailedGetObjectMetric: unable to get metric queue: Service on default front/${none}`))
  const outside = told.find((text) => text.startsWith('Warning FailedGetExternalMetric'))
  assert.match(
    outside ?? '',
    /unable to get external metric default\/jobs\/nil: unable to fetch metrics from external metrics API: there is no/,
  )
})

test('a target that is not there, of no kind, or that cannot be scaled', async (t) => {
  const at = await plane(t)
  const refer = (apiVersion: string, kind: string, name = 'x') => ({ scaleTargetRef: { apiVersion, kind, name } })
  await at.autoscaler('gone')
  await at.autoscaler('strange', refer('example.com/v1', 'Rocket'))
  await at.autoscaler('settings', refer('v1', 'ConfigMap'))
  await at.autoscaler('odd', refer('a/b/c', 'Deployment'))
  await at.quiet()
  const text = async (name: string) => (await at.hpa(name)).status?.conditions?.map(({ reason, message }) => [reason, message])
  const begin = "the HPA controller was unable to get the target's current scale: "
  assert.equal(await text('gone'), [['FailedGetScale', `${begin}deployments.apps "gone" not found`]])
  assert.equal(await text('strange'), [['FailedGetScale', `${begin}no matches for kind "Rocket" in group "example.com"`]])
  assert.equal(await text('settings'), [['FailedGetScale', `${begin}the server could not find the requested resource`]])
  assert.equal(await text('odd'), [['FailedGetScale', `${begin}unexpected GroupVersion string: a/b/c`]])
  await at.deployment('gone', 12)
  await at.pass(sync)
  assert.is(await at.replicas('gone'), 10, 'it is looked for again')
})

test('two autoscalers of the same Pods hold each other up until one goes', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 1)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  await at.autoscaler('web')
  await at.quiet()
  const second = await at.hpa('web')
  await at.client.create(horizontalPodAutoscalers, {
    ...second,
    metadata: { name: 'other', namespace },
  } as HorizontalPodAutoscaler)
  await at.pass(sync)
  const message = 'pods by selector app=web are controlled by multiple HPAs: [default/other default/web]'
  for (const name of ['web', 'other']) {
    const active = (await at.hpa(name)).status?.conditions?.find(({ type }) => type === 'ScalingActive')
    assert.equal([active?.reason, active?.message], ['AmbiguousSelector', message])
  }
  assert.ok((await at.told()).includes(`Warning AmbiguousSelector: ${message}`))
  await at.client.delete(horizontalPodAutoscalers, namespace, 'other')
  at.used.set('web', { cpu: '240m' })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 3)
})

test('a change of the autoscaler counts at once, and who scales by hand is followed', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  const hpa = await at.autoscaler('web')
  await at.quiet()
  const latest = await at.hpa('web')
  await at.client.update(horizontalPodAutoscalers, { ...latest, spec: { ...hpa.spec, minReplicas: 4 } })
  await at.quiet()
  assert.is(await at.replicas('web'), 4)
  const deployment = await at.client.get(deployments, namespace, 'web')
  await at.client.update(deployments, { ...deployment, spec: { ...deployment.spec, replicas: 0 } })
  await at.pass(sync)
  assert.is(await at.replicas('web'), 0)
  assert.ok((await at.conditions('web')).includes('ScalingActive=False ScalingDisabled'))
})

test('without autoscalers nobody is asked, and nothing is written', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 1)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  let requests = 0
  at.kernel.get(ApiHooksToken).requests.tap('test', (stage, { user }) => {
    if (stage === 'ResponseComplete' && user?.name.includes('pod-autoscaler')) requests += 1
  })
  await at.autoscaler('web')
  await at.pass(sync)
  assert.ok(requests > 0)
  await at.client.delete(horizontalPodAutoscalers, namespace, 'web')
  await at.quiet()
  requests = 0
  at.writes()
  await at.pass(600_000)
  assert.is(at.writes().length, 0)
  assert.is(requests, 0)
})

test('Pods that are on their way out or failed are not counted', async (t) => {
  const at = await plane(t)
  await at.deployment('web', 2)
  await at.fill('web')
  await at.pod('web-failed', 'web', { phase: 'Failed' })
  await at.pod('web-pending', 'web', { phase: 'Pending' })
  at.used.set('web', { cpu: '40m' })
  await at.autoscaler('web', { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } })
  await at.quiet()
  assert.is(await at.replicas('web'), 1)
  assert.is((await at.client.list(pods, { namespace })).items.length, 4)
})
