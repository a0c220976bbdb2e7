import { assert, test } from '@davit/core/testing'
import { humanDuration, since, some } from './columns/format.js'
import { tableColumns, tableRow } from './columns.js'
import { createRegistry } from './contract.js'
import { kindOf } from './strategies/testing.js'

const now = Date.parse('2026-01-02T00:00:00Z')
const creationTimestamp = '2026-01-01T21:00:00Z'

function table(apiVersion: string, kind: string, fields: object = {}): Record<string, unknown> {
  const found = kindOf({ apiVersion, kind })
  const { metadata, ...rest } = fields as { metadata?: object }
  const object = { apiVersion, kind, metadata: { name: 'x', creationTimestamp, ...metadata }, spec: {}, ...rest }
  const columns = tableColumns(found)
  const row = tableRow(found, object, now)
  assert.is(row.length, columns.length)
  return Object.fromEntries(columns.map((column, index) => [column.name, row[index]]))
}

const headers: [apiVersion: string, kind: string, columns: string][] = [
  ['v1', 'Pod', 'Name,Ready,Status,Restarts,Age,[IP,Node,Nominated Node,Readiness Gates]'],
  ['apps/v1', 'Deployment', 'Name,Ready,Up-to-date,Available,Age,[Containers,Images,Selector]'],
  ['apps/v1', 'ReplicaSet', 'Name,Desired,Current,Ready,Age,[Containers,Images,Selector]'],
  ['v1', 'ReplicationController', 'Name,Desired,Current,Ready,Age,[Containers,Images,Selector]'],
  ['apps/v1', 'DaemonSet', 'Name,Desired,Current,Ready,Up-to-date,Available,Node Selector,Age,[Containers,Images,Selector]'],
  ['apps/v1', 'StatefulSet', 'Name,Ready,Age,[Containers,Images]'],
  ['batch/v1', 'Job', 'Name,Status,Completions,Duration,Age,[Containers,Images,Selector]'],
  ['batch/v1', 'CronJob', 'Name,Schedule,Timezone,Suspend,Active,Last Schedule,Age,[Containers,Images,Selector]'],
  ['v1', 'Service', 'Name,Type,Cluster-IP,External-IP,Port(s),Age,[Selector]'],
  ['v1', 'Endpoints', 'Name,Endpoints,Age'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'Name,AddressType,Ports,Endpoints,Age'],
  ['v1', 'Node', 'Name,Status,Roles,Age,Version,[Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime]'],
  ['v1', 'Event', 'Last Seen,Type,Reason,Object,[Subobject,Source],Message,[First Seen,Count,Name]'],
  ['v1', 'Namespace', 'Name,Status,Age'],
  ['v1', 'ConfigMap', 'Name,Data,Age'],
  ['v1', 'Secret', 'Name,Type,Data,Age'],
  ['coordination.k8s.io/v1', 'Lease', 'Name,Holder,Age'],
  ['v1', 'PersistentVolumeClaim', 'Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,[VolumeMode]'],
  ['v1', 'LimitRange', 'Name,Created At'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'Name,Created At'],
]
for (const [apiVersion, kind, want] of headers) {
  test(`columns of ${kind}`, () => {
    let text = ''
    let wide = false
    for (const column of tableColumns(kindOf({ apiVersion, kind }))) {
      if (wide && column.priority === 0) text += ']'
      text += `${text === '' ? '' : ','}${!wide && column.priority === 1 ? '[' : ''}${column.name}`
      wide = column.priority === 1
    }
    assert.is(wide ? `${text}]` : text, want)
  })
}

test('every kind that is served has a table whose row fits its columns, even for an empty object', () => {
  for (const kind of createRegistry().all()) {
    const object = {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name: 'x' },
      spec: { template: {}, jobTemplate: {}, scaleTargetRef: {}, priorityLevelConfiguration: {}, containers: [] },
      roleRef: {},
    }
    assert.is(tableRow(kind, object, now).length, tableColumns(kind).length, kind.kind)
    assert.is(tableColumns(kind), tableColumns(kind))
    for (const column of tableColumns(kind)) assert.ok(column.name !== '' && column.description !== '', kind.kind)
  }
})

test('a kind may bring its own table', () => {
  const base = kindOf({ apiVersion: 'v1', kind: 'Secret' })
  const columns = [{ name: 'Size', type: 'integer', format: '', description: 'Size', priority: 0 }] as const
  const kind = { ...base, table: { columns, row: () => [7] } }
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }
  assert.equal([tableColumns(kind), tableRow(kind, object, now)], [columns, [7]])
})

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const durations: [milliseconds: number, want: string][] = [
  [-5000, '<invalid>'],
  [-1500, '0s'],
  [0, '0s'],
  [999, '0s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [5 * minute + 10 * second, '5m10s'],
  [10 * minute + 10 * second, '10m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 2 * minute, '3h2m'],
  [8 * hour + 59 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [2 * day + 5 * hour, '2d5h'],
  [8 * day + 5 * hour, '8d'],
  [700 * day, '700d'],
  [2 * 365 * day, '2y'],
  [(2 * 365 + 30) * day, '2y30d'],
  [9 * 365 * day, '9y'],
]
for (const [milliseconds, want] of durations)
  test(`${milliseconds} ms are ${want}`, () => assert.is(humanDuration(milliseconds), want))

test('no time is unknown, and long lists are cut', () => {
  assert.is(since(undefined, now), '<unknown>')
  assert.is(since('never', now), '<unknown>')
  assert.is(some(['a', 'b', 'c']), 'a,b,c')
  assert.is(some(['a', 'b', 'c', 'd', 'e']), 'a,b,c + 2 more...')
})

// --------------------------------------------------------------------------------------------------------------- pods

const running = { ready: true, restartCount: 0, state: { running: {} } }
const waiting = (reason: string, restartCount = 0) => ({ ready: false, restartCount, state: { waiting: { reason } } })
const ended = (exitCode: number, reason?: string, signal?: number) => ({
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, ...(reason === undefined ? {} : { reason }), ...(signal === undefined ? {} : { signal }) } },
})
const named = (statuses: object[]) => statuses.map((status, index) => ({ name: `c${index}`, ...status }))
const ready = [{ type: 'Ready', status: 'True' }]
const spec = { containers: [{ name: 'c0' }, { name: 'c1' }], initContainers: [{ name: 'c0' }, { name: 'c1' }] }

const pods: [name: string, status: object, want: string, metadata?: object][] = [
  ['phase', { phase: 'Pending' }, '0/2 Pending 0'],
  ['reason', { phase: 'Failed', reason: 'Evicted' }, '0/2 Evicted 0'],
  ['running', { phase: 'Running', containerStatuses: named([running, running]) }, '2/2 Running 0'],
  ['one not ready', { phase: 'Running', containerStatuses: named([running, { ...running, ready: false }]) }, '1/2 Running 0'],
  ['creating', { phase: 'Pending', containerStatuses: named([waiting('ContainerCreating')]) }, '0/2 ContainerCreating 0'],
  [
    'crashing',
    { phase: 'Running', containerStatuses: named([waiting('CrashLoopBackOff', 3), running]) },
    '1/2 CrashLoopBackOff 3',
  ],
  [
    'crashed a while ago',
    {
      phase: 'Running',
      containerStatuses: named([
        { ...running, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T23:55:00Z' } } },
        running,
      ]),
    },
    '2/2 Running 2 (5m ago)',
  ],
  [
    'completed',
    { phase: 'Succeeded', containerStatuses: named([ended(0, 'Completed'), ended(0, 'Completed')]) },
    '0/2 Completed 0',
  ],
  ['error', { phase: 'Failed', containerStatuses: named([ended(1, 'Error')]) }, '0/2 Error 0'],
  ['exit code', { phase: 'Failed', containerStatuses: named([ended(3)]) }, '0/2 ExitCode:3 0'],
  ['signal', { phase: 'Failed', containerStatuses: named([ended(137, undefined, 9)]) }, '0/2 Signal:9 0'],
  [
    'one completed, not ready',
    { phase: 'Running', containerStatuses: named([ended(0, 'Completed'), running]) },
    '1/2 NotReady 0',
  ],
  [
    'one completed, ready',
    { phase: 'Running', conditions: ready, containerStatuses: named([ended(0, 'Completed'), running]) },
    '1/2 Running 0',
  ],
  [
    'first init',
    { phase: 'Pending', initContainerStatuses: named([waiting('PodInitializing'), waiting('PodInitializing')]) },
    '0/2 Init:0/2 0',
  ],
  [
    'second init',
    { phase: 'Pending', initContainerStatuses: named([ended(0, 'Completed'), { ...running, ready: false }]) },
    '0/2 Init:1/2 0',
  ],
  [
    'init crashing',
    { phase: 'Pending', initContainerStatuses: named([waiting('CrashLoopBackOff', 4)]) },
    '0/2 Init:CrashLoopBackOff 4',
  ],
  ['init failed', { phase: 'Pending', initContainerStatuses: named([ended(1, 'Error')]) }, '0/2 Init:Error 0'],
  ['init exit code', { phase: 'Pending', initContainerStatuses: named([ended(5)]) }, '0/2 Init:ExitCode:5 0'],
  ['init signal', { phase: 'Pending', initContainerStatuses: named([ended(137, undefined, 9)]) }, '0/2 Init:Signal:9 0'],
  [
    'init done',
    {
      phase: 'Running',
      initContainerStatuses: named([ended(0, 'Completed'), ended(0, 'Completed')]),
      containerStatuses: named([running, running]),
    },
    '2/2 Running 0',
  ],
  [
    'terminating',
    { phase: 'Running', containerStatuses: named([running, running]) },
    '2/2 Terminating 0',
    { deletionTimestamp: creationTimestamp },
  ],
  [
    'ended and deleted',
    { phase: 'Succeeded', containerStatuses: named([ended(0, 'Completed')]) },
    '0/2 Completed 0',
    { deletionTimestamp: creationTimestamp },
  ],
  ['lost', { phase: 'Running', reason: 'NodeLost' }, '0/2 Unknown 0', { deletionTimestamp: creationTimestamp }],
  [
    'gated',
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    '0/2 SchedulingGated 0',
  ],
]
for (const [name, status, want, metadata] of pods) {
  test(`pod: ${name}`, () => {
    const row = table('v1', 'Pod', { spec, status, ...(metadata === undefined ? {} : { metadata }) })
    assert.is(`${row.Ready} ${row.Status} ${row.Restarts}`, want)
  })
}

test('pod: sidecars count as containers once they are started', () => {
  const row = table('v1', 'Pod', {
    spec: { containers: [{ name: 'c0' }], initContainers: [{ name: 'c0', restartPolicy: 'Always' }] },
    status: {
      phase: 'Running',
      initContainerStatuses: named([{ ...running, started: true, restartCount: 2 }]),
      containerStatuses: named([running]),
    },
  })
  assert.equal([row.Ready, row.Status, row.Restarts], ['2/2', 'Running', '2'])
})

test('pod: what only wide output shows', () => {
  const row = table('v1', 'Pod', {
    spec: { ...spec, nodeName: 'n', readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] },
    status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'a', status: 'True' }] },
  })
  assert.equal([row.IP, row.Node, row['Nominated Node'], row['Readiness Gates']], ['10.0.0.1', 'n', '<none>', '1/2'])
})

// -------------------------------------------------------------------------------------------------------- other kinds

const template = {
  metadata: { labels: { a: 'b' } },
  spec: {
    containers: [
      { name: 'c', image: 'i' },
      { name: 'd', image: 'j' },
    ],
    nodeSelector: { disk: 'ssd' },
  },
}
const selector = { matchLabels: { b: '1', a: '2' } }
const rows: [apiVersion: string, kind: string, fields: object, want: Record<string, unknown>][] = [
  [
    'apps/v1',
    'Deployment',
    { spec: { replicas: 3, selector, template }, status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 } },
    { Ready: '2/3', 'Up-to-date': 1, Available: 2, Age: '3h', Containers: 'c,d', Images: 'i,j', Selector: 'a=2,b=1' },
  ],
  ['apps/v1', 'StatefulSet', { spec: { replicas: 3, template } }, { Ready: '0/3', Images: 'i,j' }],
  [
    'apps/v1',
    'ReplicaSet',
    { spec: { replicas: 3, template, selector }, status: { replicas: 3 } },
    { Desired: 3, Current: 3, Ready: 0 },
  ],
  ['v1', 'ReplicationController', { spec: { replicas: 1, template, selector: { x: 'y' } } }, { Selector: 'x=y' }],
  [
    'apps/v1',
    'DaemonSet',
    { spec: { template, selector }, status: { desiredNumberScheduled: 2 } },
    { Desired: 2, 'Node Selector': 'disk=ssd' },
  ],
  [
    'batch/v1',
    'Job',
    { spec: { completions: 3, template }, status: { succeeded: 1, startTime: '2026-01-01T23:58:30Z' } },
    { Status: 'Running', Completions: '1/3', Duration: '90s' },
  ],
  [
    'batch/v1',
    'Job',
    {
      spec: { parallelism: 4, template },
      status: {
        conditions: [{ type: 'Complete', status: 'True' }],
        startTime: '2026-01-01T23:00:00Z',
        completionTime: '2026-01-01T23:00:05Z',
      },
    },
    { Status: 'Complete', Completions: '0/1 of 4', Duration: '5s' },
  ],
  [
    'batch/v1',
    'Job',
    { spec: { template }, status: { conditions: [{ type: 'Suspended', status: 'True' }] } },
    { Status: 'Suspended', Completions: '0/1', Duration: '' },
  ],
  [
    'batch/v1',
    'CronJob',
    {
      spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } },
      status: { active: [{}], lastScheduleTime: '2026-01-01T23:59:00Z' },
    },
    { Schedule: '* * * * *', Timezone: '<none>', Suspend: 'False', Active: 1, 'Last Schedule': '60s' },
  ],
  [
    'apps/v1',
    'ControllerRevision',
    { revision: 4, metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', controller: true }] } },
    { Controller: 'daemonset.apps/d', Revision: 4 },
  ],
  ['v1', 'PodTemplate', { template }, { Containers: 'c,d', 'Pod Labels': 'a=b' }],
  [
    'policy/v1',
    'PodDisruptionBudget',
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } },
    { 'Min Available': '50%', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 1 },
  ],
  [
    'v1',
    'Service',
    {
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        ports: [
          { port: 80, nodePort: 30080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    },
    { 'Cluster-IP': '10.0.0.1', 'External-IP': '<none>', 'Port(s)': '80:30080/TCP,53/UDP', Selector: '<none>' },
  ],
  [
    'v1',
    'Service',
    { spec: { type: 'LoadBalancer' } },
    { 'Cluster-IP': '<none>', 'External-IP': '<pending>', 'Port(s)': '<none>' },
  ],
  [
    'v1',
    'Service',
    {
      spec: { type: 'LoadBalancer', externalIPs: ['1.1.1.1'] },
      status: { loadBalancer: { ingress: [{ hostname: 'b' }, { ip: '2.2.2.2' }] } },
    },
    { 'External-IP': '2.2.2.2,b,1.1.1.1' },
  ],
  ['v1', 'Service', { spec: { type: 'ExternalName', externalName: 'a.b' } }, { 'External-IP': 'a.b' }],
  ['v1', 'Endpoints', {}, { Endpoints: '<none>' }],
  [
    'v1',
    'Endpoints',
    { subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '::1' }], ports: [{ port: 80 }, { port: 81 }] }] },
    { Endpoints: '10.0.0.1:80,[::1]:80,10.0.0.1:81 + 1 more...' },
  ],
  ['v1', 'Endpoints', { subsets: [{ addresses: [{ ip: '10.0.0.1' }] }] }, { Endpoints: '10.0.0.1' }],
  [
    'discovery.k8s.io/v1',
    'EndpointSlice',
    { addressType: 'IPv4', ports: [{ port: 80 }, {}], endpoints: [{ addresses: ['10.0.0.1'] }] },
    { AddressType: 'IPv4', Ports: '80,*', Endpoints: '10.0.0.1' },
  ],
  ['discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4' }, { Ports: '<unset>', Endpoints: '<unset>' }],
  [
    'networking.k8s.io/v1',
    'Ingress',
    {
      spec: { ingressClassName: 'n', tls: [{}], rules: [{ host: 'a' }, {}] },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } },
    },
    { Class: 'n', Hosts: 'a', Address: '1.1.1.1', Ports: '80, 443' },
  ],
  ['networking.k8s.io/v1', 'Ingress', {}, { Class: '<none>', Hosts: '*', Address: '', Ports: '80' }],
  [
    'networking.k8s.io/v1',
    'IngressClass',
    { spec: { controller: 'c', parameters: { apiGroup: 'g', kind: 'K', name: 'n' } } },
    { Controller: 'c', Parameters: 'K.g/n' },
  ],
  ['networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: selector } }, { 'Pod-Selector': 'a=2,b=1' }],
  ['networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {} } }, { 'Pod-Selector': '<none>' }],
  [
    'networking.k8s.io/v1',
    'IPAddress',
    { spec: { parentRef: { resource: 'services', namespace: 'n', name: 's' } } },
    { ParentRef: 'services/n/s' },
  ],
  [
    'v1',
    'Node',
    {
      metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: ready,
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1', osImage: 'Linux' },
      },
    },
    {
      Status: 'Ready,SchedulingDisabled',
      Roles: 'control-plane,worker',
      Version: 'v1',
      'Internal-IP': '10.0.0.1',
      'External-IP': '<none>',
      'OS-Image': 'Linux',
      'Kernel-Version': '<unknown>',
    },
  ],
  ['v1', 'Node', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, { Status: 'NotReady', Roles: '<none>' }],
  ['v1', 'Node', {}, { Status: 'Unknown' }],
  [
    'v1',
    'Event',
    {
      type: 'Normal',
      reason: 'Pulled',
      message: ' text\n',
      count: 3,
      source: { component: 'kubelet', host: 'n' },
      involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec' },
      firstTimestamp: '2026-01-01T23:00:00Z',
      lastTimestamp: '2026-01-01T23:59:00Z',
    },
    {
      'Last Seen': '60s',
      Object: 'pod/p',
      Subobject: 'spec',
      Source: 'kubelet, n',
      Message: 'text',
      'First Seen': '60m',
      Count: '3',
      Name: 'x',
    },
  ],
  [
    'v1',
    'Event',
    { eventTime: '2026-01-01T23:59:00.000000Z', reportingComponent: 'default-scheduler', involvedObject: { kind: 'Node' } },
    { 'Last Seen': '60s', Object: 'node', Source: 'default-scheduler', Count: '1' },
  ],
  [
    'events.k8s.io/v1',
    'Event',
    {
      regarding: { kind: 'Pod', name: 'p' },
      note: 'n',
      series: { count: 7, lastObservedTime: '2026-01-01T23:59:58.000000Z' },
      reportingController: 'c',
    },
    { 'Last Seen': '2s', Object: 'pod/p', Message: 'n', Count: '7' },
  ],
  ['v1', 'Namespace', { status: { phase: 'Active' } }, { Status: 'Active' }],
  ['v1', 'Secret', { type: 'Opaque', data: { a: '', b: '' } }, { Type: 'Opaque', Data: 2 }],
  ['v1', 'ConfigMap', { data: { a: '' }, binaryData: { b: '' } }, { Data: 2 }],
  ['v1', 'ServiceAccount', { secrets: [{}] }, { Secrets: 1 }],
  [
    'v1',
    'ResourceQuota',
    { status: { hard: { pods: '10', 'limits.cpu': '2', 'requests.cpu': '1' }, used: { pods: '3' } } },
    { Request: 'pods: 3/10, requests.cpu: 0/1', Limit: 'limits.cpu: 0/2' },
  ],
  ['scheduling.k8s.io/v1', 'PriorityClass', { value: 5, globalDefault: true }, { Value: 5, 'Global-Default': true }],
  ['coordination.k8s.io/v1', 'Lease', { spec: { holderIdentity: 'h' } }, { Holder: 'h' }],
  [
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    {
      spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
      status: { conditions: [{ type: 'Approved' }], certificate: 'x' },
    },
    { SignerName: 's', Requestor: 'u', RequestedDuration: '60m', Condition: 'Approved,Issued' },
  ],
  [
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    {},
    { SignerName: '<none>', RequestedDuration: '<none>', Condition: 'Pending' },
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'User', name: 'v' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    },
    { Role: 'Role/r', Users: 'u, v', Groups: '', ServiceAccounts: 'n/s' },
  ],
  [
    'v1',
    'PersistentVolume',
    {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        claimRef: { namespace: 'n', name: 'c' },
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 's',
      },
      status: { phase: 'Bound' },
    },
    {
      Capacity: '1Gi',
      'Access Modes': 'RWO,RWX',
      Status: 'Bound',
      Claim: 'n/c',
      StorageClass: 's',
      VolumeAttributesClass: '<unset>',
    },
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    {
      spec: { volumeName: 'v', volumeMode: 'Filesystem' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadOnlyMany'] },
    },
    { Volume: 'v', Capacity: '1Gi', 'Access Modes': 'ROX', VolumeMode: 'Filesystem' },
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    { metadata: { deletionTimestamp: creationTimestamp }, status: { phase: 'Pending' } },
    { Status: 'Terminating', Capacity: '' },
  ],
  [
    'storage.k8s.io/v1',
    'StorageClass',
    { metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'p' },
    { Name: 'x (default)', ReclaimPolicy: 'Delete', VolumeBindingMode: 'Immediate', AllowVolumeExpansion: false },
  ],
  ['storage.k8s.io/v1', 'CSINode', { spec: { drivers: [{}, {}] } }, { Drivers: 2 }],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { webhooks: [{}] }, { Webhooks: 1 }],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    { spec: { policyName: 'p', paramRef: { name: 'n' } } },
    { PolicyName: 'p', ParamRef: '*/n' },
  ],
  [
    'apiregistration.k8s.io/v1',
    'APIService',
    {
      spec: { service: { namespace: 'n', name: 's' } },
      status: { conditions: [{ type: 'Available', status: 'False', reason: 'Down' }] },
    },
    { Service: 'n/s', Available: 'False (Down)' },
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } },
          { type: 'Pods', pods: { target: { averageValue: '10' } } },
          { type: 'External', external: { target: { value: '1' } } },
        ],
      },
      status: { currentReplicas: 2, currentMetrics: [{ resource: { current: { averageUtilization: 12 } } }] },
    },
    { Reference: 'Deployment/d', Targets: 'cpu: 12%/80%, <unknown>/10 + 1 more...', MinPods: '1', MaxPods: 5, Replicas: 2 },
  ],
  [
    'autoscaling/v1',
    'HorizontalPodAutoscaler',
    { spec: { scaleTargetRef: { kind: 'D', name: 'd' }, maxReplicas: 5, targetCPUUtilizationPercentage: 50 } },
    { Targets: 'cpu: <unknown>/50%', MinPods: '<unset>' },
  ],
  ['v1', 'LimitRange', {}, { Name: 'x', 'Created At': creationTimestamp }],
]
for (const [index, [apiVersion, kind, fields, want]] of rows.entries()) {
  test(`row of ${kind} ${index}`, () => {
    const row = table(apiVersion, kind, fields)
    assert.equal(Object.fromEntries(Object.keys(want).map((name) => [name, row[name]])), want)
  })
}
