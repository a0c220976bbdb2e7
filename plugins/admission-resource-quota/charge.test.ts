import type { KubeObject, ResourceQuota } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { charge, isCounted } from './charge.js'
import { podOf, quotaOf, requestOf } from './testing.js'

const now = Date.UTC(2024, 0, 1)

function outcome(quota: ResourceQuota, resource: string, object: KubeObject, more = {}): string {
  const verdict = charge([quota], requestOf(resource, object, more), now)
  return verdict.ok ? JSON.stringify(verdict.quotas[0]?.status?.used) : verdict.reason
}
const pod = (resources = {}, spec = {}) => podOf('web', resources, spec)
const service = (type: string, ports = 1, more = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type, ports: Array.from({ length: ports }, (_, index) => ({ port: 80 + index })), ...more },
})
const claim = (storage: string, storageClassName?: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { resources: { requests: { storage } }, ...(storageClassName && { storageClassName }) },
})
const plain = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' } }

const cases: readonly [string, ResourceQuota, string, KubeObject, string][] = [
  ['the last Pod', quotaOf({ pods: '3' }, { pods: '2' }), 'pods', pod(), '{"pods":"3"}'],
  [
    'one Pod too many',
    quotaOf({ pods: '2' }, { pods: '2' }),
    'pods',
    pod(),
    'exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  ],
  [
    'cpu in parts, and several at once in order',
    quotaOf(
      { 'requests.cpu': '1', 'limits.memory': '1Gi', pods: '9' },
      { 'requests.cpu': '900m', 'limits.memory': '1Gi', pods: '1' },
    ),
    'pods',
    pod({ requests: { cpu: '200m' }, limits: { memory: '1Mi' } }),
    'exceeded quota: q, requested: limits.memory=1Mi,requests.cpu=200m, used: limits.memory=1Gi,requests.cpu=900m, ' +
      'limited: limits.memory=1Gi,requests.cpu=1',
  ],
  [
    'what a quota on compute wants to be said',
    quotaOf({ 'limits.cpu': '1', memory: '1Gi' }, { 'limits.cpu': '0', memory: '0' }),
    'pods',
    pod({ limits: { memory: '1Mi' } }, { initContainers: [{ name: 'first', image: 'i' }] }),
    'failed quota: q: must specify limits.cpu for: first,main; memory for: first,main',
  ],
  [
    'a name that was never counted',
    quotaOf({ pods: '2', 'requests.storage': '1' }, { 'requests.storage': '0' }),
    'pods',
    pod(),
    'status unknown for quota: q, resources: pods',
  ],
  ['what nothing counts', quotaOf({ pods: '0' }, { pods: '0' }), 'configmaps', plain, '{"pods":"0"}'],
  ['the legacy name', quotaOf({ configmaps: '1' }, { configmaps: '0' }), 'configmaps', plain, '{"configmaps":"1"}'],
  [
    'the name by count',
    quotaOf({ 'count/configmaps': '0' }, { 'count/configmaps': '0' }),
    'configmaps',
    plain,
    'exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=0, limited: count/configmaps=0',
  ],
  [
    'huge pages and devices',
    quotaOf(
      { 'hugepages-2Mi': '4Mi', 'requests.example.com/gpu': '1' },
      { 'hugepages-2Mi': '0', 'requests.example.com/gpu': '0' },
    ),
    'pods',
    pod({ requests: { 'hugepages-2Mi': '2Mi', 'example.com/gpu': '1' } }),
    '{"hugepages-2Mi":"2Mi","requests.example.com/gpu":"1"}',
  ],
  [
    'the overhead of a runtime',
    quotaOf({ 'requests.cpu': '1' }, { 'requests.cpu': '0' }),
    'pods',
    pod({ requests: { cpu: '200m' } }, { overhead: { cpu: '50m' } }),
    '{"requests.cpu":"250m"}',
  ],
  [
    'node ports',
    quotaOf({ 'services.nodeports': '2', services: '5' }, { 'services.nodeports': '0', services: '0' }),
    'services',
    service('NodePort', 2),
    '{"services.nodeports":"2","services":"1"}',
  ],
  [
    'a load balancer that takes no node ports',
    quotaOf(
      { 'services.nodeports': '0', 'services.loadbalancers': '1' },
      { 'services.nodeports': '0', 'services.loadbalancers': '0' },
    ),
    'services',
    service('LoadBalancer', 2, { allocateLoadBalancerNodePorts: false }),
    '{"services.nodeports":"0","services.loadbalancers":"1"}',
  ],
  [
    'storage, by class too',
    quotaOf(
      { 'requests.storage': '10Gi', 'fast.storageclass.storage.k8s.io/requests.storage': '1Gi' },
      { 'requests.storage': '5Gi', 'fast.storageclass.storage.k8s.io/requests.storage': '0' },
    ),
    'persistentvolumeclaims',
    claim('2Gi', 'fast'),
    'exceeded quota: q, requested: fast.storageclass.storage.k8s.io/requests.storage=2Gi, ' +
      'used: fast.storageclass.storage.k8s.io/requests.storage=0, limited: fast.storageclass.storage.k8s.io/requests.storage=1Gi',
  ],
]
for (const [name, quota, resource, object, expected] of cases) {
  test(`charged: ${name}`, () => assert.is(outcome(quota, resource, object), expected))
}

const withSelector = (scopeName: string, operator: string, values?: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values && { values }) }] },
})
const scopes: readonly [string, object, object, boolean][] = [
  ['BestEffort', { scopes: ['BestEffort'] }, {}, true],
  ['NotBestEffort', { scopes: ['NotBestEffort'] }, {}, false],
  ['Terminating', { scopes: ['Terminating'] }, { activeDeadlineSeconds: 5 }, true],
  ['NotTerminating', { scopes: ['NotTerminating'] }, { activeDeadlineSeconds: 5 }, false],
  ['two at once', { scopes: ['BestEffort', 'Terminating'] }, {}, false],
  ['a class that is in', withSelector('PriorityClass', 'In', ['high']), { priorityClassName: 'high' }, true],
  ['a class that is not in', withSelector('PriorityClass', 'In', ['high']), { priorityClassName: 'low' }, false],
  ['any class', withSelector('PriorityClass', 'Exists'), { priorityClassName: 'low' }, true],
  ['no class', withSelector('PriorityClass', 'DoesNotExist'), {}, true],
  ['not that class', withSelector('PriorityClass', 'NotIn', ['high']), {}, true],
  [
    'affinity across namespaces',
    { scopes: ['CrossNamespacePodAffinity'] },
    {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: ['other'] }] },
      },
    },
    true,
  ],
  ['affinity at home', { scopes: ['CrossNamespacePodAffinity'] }, { affinity: { podAffinity: {} } }, false],
]
for (const [name, spec, podSpec, counted] of scopes) {
  test(`scope: ${name}`, () => {
    const quota = quotaOf({ pods: '1' }, { pods: '0' }, spec)
    assert.is(outcome(quota, 'pods', pod({}, podSpec)), counted ? '{"pods":"1"}' : '{"pods":"0"}')
  })
}

test('a quota with scopes counts nothing but Pods', () => {
  assert.is(
    outcome(quotaOf({ services: '0' }, { services: '0' }, { scopes: ['BestEffort'] }), 'services', service('ClusterIP')),
    '{"services":"0"}',
  )
})

test('an update pays for what it adds', () => {
  const quota = quotaOf({ 'services.nodeports': '2', services: '1' }, { 'services.nodeports': '1', services: '1' })
  const update = (before: KubeObject) => ({ operation: 'UPDATE', oldObject: before })
  const more = service('NodePort', 2)
  assert.is(outcome(quota, 'services', more, update(service('NodePort', 1))), '{"services.nodeports":"2","services":"1"}')
  assert.is(outcome(quota, 'services', service('ClusterIP'), update(more)), JSON.stringify(quota.status?.used))
  const text = 'exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=1, limited: services.nodeports=2'
  assert.is(outcome(quota, 'services', more, update(service('ClusterIP'))), text)
})

test('which requests are looked at', () => {
  const counted = (resource: string, more = {}) => isCounted(requestOf(resource, pod(), more))
  assert.ok(counted('pods'))
  assert.ok(counted('pods', { operation: 'UPDATE', subresource: 'resize' }))
  assert.ok(counted('services', { operation: 'UPDATE' }))
  assert.not(counted('pods', { operation: 'UPDATE' }))
  assert.not(counted('services', { operation: 'UPDATE', subresource: 'status' }))
  assert.not(counted('pods', { subresource: 'eviction' }))
  assert.not(counted('pods', { operation: 'DELETE' }))
  assert.not(counted('events'))
  assert.not(counted('nodes', { namespace: '' }))
})
