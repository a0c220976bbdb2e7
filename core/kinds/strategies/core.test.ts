import { assert, test } from '@davit/core/testing'
import type { KubeObject, Namespace, Node } from '../contract.js'
import { created, defaulted, findings, freeze, kindOf, type Manifest, spec, updated, updateFindings } from './testing.js'

const v1 = (kind: string, fields: object = {}): Manifest => ({ apiVersion: 'v1', kind, ...fields })
const set = (fields: object) => (object: KubeObject) => void Object.assign(object, fields)

const text = (value: string) => Buffer.from(value).toString('base64')

test('a namespace starts active, with its finalizer and its name as a label', () => {
  const object = created(v1('Namespace', { metadata: { name: 'n' } })) as Namespace
  assert.equal(object.spec?.finalizers, ['kubernetes'])
  assert.equal(object.status, { phase: 'Active' })
  assert.equal(object.metadata.labels, { 'kubernetes.io/metadata.name': 'n' })
})

test('finalizers of a namespace come off through finalize alone', () => {
  const clear = set({ spec: { finalizers: [] } })
  assert.equal((updated(v1('Namespace'), clear).object as Namespace).spec?.finalizers, ['kubernetes'])
  assert.equal((updated(v1('Namespace'), clear, 'finalize').object as Namespace).spec?.finalizers, [])
})

test('the phase of a namespace follows its deletion', () => {
  const kind = kindOf(v1('Namespace'))
  const old = freeze(created(v1('Namespace')))
  const check = (phase: string, deletionTimestamp?: string) => {
    const object = structuredClone(old)
    object.status = { phase }
    if (deletionTimestamp !== undefined) object.metadata.deletionTimestamp = deletionTimestamp
    return kind.strategy.validateStatusUpdate?.(object, old).length
  }
  assert.is(check('Active'), 0)
  assert.is(check('Terminating'), 1)
  assert.is(check('Terminating', '2026-01-01T00:00:00Z'), 0)
  assert.is(check('Active', '2026-01-01T00:00:00Z'), 1)
})

test('a node can give out what it has, and keeps the ranges it got', () => {
  const node = v1('Node', { spec: { podCIDR: '10.1.0.0/24' }, status: { capacity: { cpu: '2', memory: '1Gi' } } })
  const object = created(node) as Node
  assert.equal(object.status?.allocatable, { cpu: '2', memory: '1Gi' })
  assert.equal(object.spec?.podCIDRs, ['10.1.0.0/24'])
  const other = set({ spec: { podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'] } })
  assert.equal(updateFindings(node, other), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ])
  assert.equal(updateFindings(v1('Node'), other), [])
  const provider = v1('Node', { spec: { providerID: 'a' } })
  assert.match(updateFindings(provider, set({ spec: { providerID: 'b' } })).join(), /may not change providerID/)
})

test('strings of a Secret become data', () => {
  const object = defaulted(v1('Secret', { data: { a: text('old'), b: text('b') }, stringData: { a: 'new' } }))
  assert.equal([object.data, object.stringData, object.type], [{ a: text('new'), b: text('b') }, undefined, 'Opaque'])
})

test('a client that does not know the type of a Secret leaves it', () => {
  const tls = v1('Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': text('c'), 'tls.key': text('k') } })
  const { object, findings: found } = updated(tls, (one) => void delete one.type)
  assert.equal([found, object.type], [[], 'kubernetes.io/tls'])
  assert.match(updateFindings(tls, set({ type: 'other' })).join(), /^type: Invalid value: "other": field is immutable/)
})

const frozenText = 'Forbidden: field is immutable when `immutable` is set'
test('what is immutable stays', () => {
  const map = v1('ConfigMap', { data: { a: '1' }, immutable: true })
  assert.equal(updateFindings(map, set({ data: { a: '2' } })), [`data: ${frozenText}`])
  assert.equal(updateFindings(map, set({ immutable: false })), [`immutable: ${frozenText}`])
  assert.equal(
    updateFindings(map, (one) => void Object.assign(one.metadata, { labels: { a: 'b' } })),
    [],
  )
  const secret = v1('Secret', { data: { a: text('1') }, immutable: true })
  assert.equal(updateFindings(secret, set({ data: {} })), [`data: ${frozenText}`])
  assert.equal(updateFindings(v1('ConfigMap', { data: { a: '1' } }), set({ data: { a: '2' }, immutable: true })), [])
})

test('limits fill what they imply', () => {
  const limits = [
    { type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' }, defaultRequest: { memory: '2Mi' } },
    { type: 'Pod', max: { cpu: '4' } },
  ]
  assert.equal(spec(defaulted(v1('LimitRange', { spec: { limits } }))).limits, [
    {
      type: 'Container',
      max: { cpu: '2' },
      min: { cpu: '1', memory: '1Mi' },
      default: { cpu: '2' },
      defaultRequest: { memory: '2Mi', cpu: '2' },
    },
    { type: 'Pod', max: { cpu: '4' } },
  ])
})

test('events carry the fields that Kubernetes always writes', () => {
  const object = defaulted(v1('Event', { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } }))
  assert.equal([object.source, object.reportingComponent, object.reportingInstance], [{}, '', ''])
})

test('volumes and claims start pending', () => {
  assert.equal(created(v1('PersistentVolumeClaim', { spec: {} })).status, { phase: 'Pending' })
  const volume = created(v1('PersistentVolume', { spec: { hostPath: { path: '/x' } } }))
  assert.equal(volume.spec, {
    hostPath: { path: '/x', type: '' },
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
  })
  assert.equal(volume.status, { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp })
  const cloned = created(v1('PersistentVolumeClaim', { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'a' } } }))
  assert.equal(spec(cloned).dataSourceRef, { kind: 'PersistentVolumeClaim', name: 'a' })
})

const slice = (fields: object): Manifest => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  addressType: 'IPv4',
  endpoints: [],
  ...fields,
})
const event = (fields: object): Manifest =>
  v1('Event', { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, ...fields })
const volume = (fields: object): Manifest =>
  v1('PersistentVolume', {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, ...fields },
  })
const claim = (fields: object): Manifest =>
  v1('PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...fields },
  })
const lease = (fields: object): Manifest => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: fields })

const sound: Manifest[] = [
  v1('ConfigMap', { data: { 'a.b': '1' }, binaryData: { c: text('x') } }),
  v1('Secret', { data: { a: text('x') } }),
  v1('Secret', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': text('{}') } }),
  v1('Node', {
    spec: {
      taints: [
        { key: 'a', effect: 'NoSchedule' },
        { key: 'a', effect: 'NoExecute' },
      ],
    },
  }),
  v1('ServiceAccount'),
  v1('Endpoints', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }),
  slice({ endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] }),
  slice({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] }),
  event({}),
  v1('Event', { involvedObject: { kind: 'Node', name: 'n' } }),
  volume({}),
  claim({}),
  lease({ holderIdentity: 'a', leaseDurationSeconds: 40 }),
  v1('ResourceQuota', { spec: { hard: { pods: '3', 'count/jobs.batch': '1' } } }),
  v1('LimitRange', { spec: { limits: [{ type: 'Pod', max: { cpu: '1' } }] } }),
]
for (const [index, manifest] of sound.entries())
  test(`sound: ${manifest.kind} ${index}`, () => assert.equal(findings(manifest), []))

const wrong: [manifest: Manifest, error: RegExp][] = [
  [v1('Namespace', { metadata: { name: 'a.b' } }), /^metadata\.name: Invalid value: "a\.b": a lowercase RFC 1123 label/],
  [v1('ConfigMap', { data: { 'a/b': '' } }), /^data\[a\/b\]: Invalid value: "a\/b": a valid config key must consist of/],
  [v1('ConfigMap', { data: { '..': '' } }), /^data\[\.\.\]: Invalid value/],
  [v1('ConfigMap', { data: { a: '' }, binaryData: { a: '' } }), /duplicate of key present in binaryData/],
  [v1('ConfigMap', { data: { a: 'x'.repeat(1024 * 1024 + 1) } }), /^data: Too long: may not be more than 1048576 bytes/],
  [v1('Secret', { data: { '': '' } }), /^data\[\]: Invalid value: ""/],
  [v1('Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }), /^data\[tls\.key\]: Required value$/],
  [v1('Secret', { type: 'kubernetes.io/basic-auth' }), /^data\[username\]: Required value$/],
  [
    v1('Secret', { type: 'kubernetes.io/service-account-token' }),
    /^metadata\.annotations\[kubernetes\.io\/service-account\.name\]: Required value$/,
  ],
  [
    v1('Secret', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': text('x') } }),
    /<secret contents redacted>/,
  ],
  [v1('Node', { spec: { taints: [{ key: 'a', effect: 'Maybe' }] } }), /^spec\.taints\[0\]\.effect: Unsupported value: "Maybe"/],
  [v1('Node', { spec: { taints: [{ key: '', effect: 'NoSchedule' }] } }), /^spec\.taints\[0\]\.key: Required value$/],
  [
    v1('Node', {
      spec: {
        taints: [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'a', effect: 'NoSchedule', value: 'b' },
        ],
      },
    }),
    /taints must be unique by key and effect pair/,
  ],
  [v1('Node', { spec: { podCIDR: 'x' } }), /^spec\.podCIDRs\[0\]: Invalid value: "x"/],
  [v1('Node', { status: { capacity: { cpu: '-1' } } }), /^status\.capacity\.cpu: Invalid value: "-1"/],
  [
    v1('Endpoints', { subsets: [{ ports: [{ port: 1 }] }] }),
    /^subsets\[0\]: Required value: must specify `addresses` or `notReadyAddresses`/,
  ],
  [v1('Endpoints', { subsets: [{ addresses: [{ ip: 'x' }] }] }), /^subsets\[0\]\.addresses\[0\]\.ip: Invalid value: "x"/],
  [
    v1('Endpoints', { subsets: [{ addresses: [{ ip: '1.1.1.1' }], ports: [{ port: 1 }, { port: 2 }] }] }),
    /ports\[0\]\.name: Required value/,
  ],
  [slice({ addressType: 'x' }), /^addressType: Unsupported value: "x": supported values: "FQDN", "IPv4", "IPv6"$/],
  [slice({ endpoints: [{ addresses: [] }] }), /^endpoints\[0\]\.addresses: Required value: must contain at least 1 address$/],
  [slice({ endpoints: [{ addresses: ['::1'] }] }), /must be an IPv4 address/],
  [slice({ ports: [{ port: 1 }, { port: 2 }] }), /^ports\[1\]\.name: Duplicate value: ""$/],
  [
    slice({ endpoints: new Array(1001).fill({ addresses: ['1.1.1.1'] }) }),
    /^endpoints: Too many: 1001: must have at most 1000 items$/,
  ],
  [
    event({ involvedObject: { namespace: 'other' } }),
    /^involvedObject\.namespace: Invalid value: "other": does not match event\.namespace$/,
  ],
  [event({ eventTime: '2026-01-01T00:00:00.000000Z' }), /^reportingComponent: Required value$/],
  [volume({ capacity: undefined }), /^spec\.capacity: Required value$/],
  [volume({ accessModes: [] }), /^spec\.accessModes: Required value$/],
  [volume({ hostPath: undefined }), /^spec: Required value: must specify a volume type$/],
  [volume({ nfs: { server: 'a', path: '/b' } }), /may not specify more than 1 volume type/],
  [volume({ hostPath: undefined, local: { path: '/x' } }), /Local volume requires node affinity/],
  [volume({ volumeMode: 'x' }), /^spec\.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"$/],
  [volume({ capacity: { storage: '1Gi', cpu: '1' } }), /^spec\.capacity: Unsupported value: .*: supported values: "storage"$/],
  [volume({ capacity: { storage: '0' } }), /^spec\.capacity\[storage\]: Invalid value: "0": must be greater than zero$/],
  [volume({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }), /may not use ReadWriteOncePod with other access modes/],
  [volume({ hostPath: { path: '/a/../b' } }), /^spec\.hostPath\.path: Invalid value: "\/a\/\.\.\/b": must not contain '\.\.'$/],
  [volume({ hostPath: { path: '' } }), /^spec\.hostPath\.path: Required value$/],
  [volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }), /may not be 'recycle' for a hostPath mount/],
  [volume({ nodeAffinity: {} }), /^spec\.nodeAffinity\.required: Required value: must specify required node constraints$/],
  [volume({ storageClassName: 'A_b' }), /^spec\.storageClassName: Invalid value: "A_b"/],
  [claim({ storageClassName: 'A_b' }), /^spec\.storageClassName: Invalid value: "A_b"/],
  [claim({ selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }), /^spec\.selector: Invalid value: /],
  [claim({ accessModes: [] }), /^spec\.accessModes: Required value: at least 1 access mode is required$/],
  [claim({ resources: {} }), /^spec\.resources\[storage\]: Required value$/],
  [claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }), /may not use ReadWriteOncePod with other access modes/],
  [lease({ leaseDurationSeconds: 0 }), /^spec\.leaseDurationSeconds: Invalid value: 0: must be greater than 0$/],
  [lease({ leaseTransitions: -1 }), /^spec\.leaseTransitions: Invalid value: -1/],
  [v1('ResourceQuota', { spec: { hard: { pods: '-1' } } }), /^spec\.hard\[pods\]: Invalid value: "-1"/],
  [
    v1('LimitRange', { spec: { limits: [{ type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } }] } }),
    /min value 2 is greater than max value 1/,
  ],
  [
    v1('LimitRange', { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } }),
    /^spec\.limits\[1\]\.type: Duplicate value: "Pod"$/,
  ],
]
for (const [manifest, error] of wrong) {
  test(`refused: ${manifest.kind}: ${error.source}`, () => {
    const found = findings(JSON.parse(JSON.stringify(manifest)))
    assert.ok(
      found.some((one) => error.test(one)),
      found.join('\n') || 'nothing was found',
    )
  })
}

test('a claim stays as it is, but may grow once it is bound', () => {
  const grow = (object: KubeObject) => void Object.assign(spec(object), { resources: { requests: { storage: '2Gi' } } })
  assert.match(updateFindings(claim({}), grow).join(), /^spec: Forbidden: spec is immutable after creation/)
  const kind = kindOf(claim({}))
  const old = created(claim({ volumeName: 'v' }))
  old.status = { phase: 'Bound', capacity: { storage: '1Gi' } }
  const bigger = structuredClone(old)
  grow(bigger)
  assert.equal(kind.strategy.validateUpdate?.(bigger, old), [])
  const smaller = structuredClone(old)
  spec(smaller).resources = { requests: { storage: '1Mi' } }
  assert.match(kind.strategy.validateUpdate?.(smaller, old)[0]?.message ?? '', /can not be less than status\.capacity/)
  const bind = (object: KubeObject) => void Object.assign(spec(object), { volumeName: 'v' })
  assert.equal(updateFindings(claim({}), bind), [])
  const limited = structuredClone(old)
  spec(limited).resources = { requests: { storage: '1Gi' }, limits: { storage: '2Gi' } }
  assert.match(kind.strategy.validateUpdate?.(limited, old)[0]?.message ?? '', /spec is immutable/)
})

test('a growth that failed is taken back, but not to what there is already', () => {
  const kind = kindOf(claim({}))
  const old = created(claim({ volumeName: 'v', resources: { requests: { storage: '5Gi' } } }))
  old.status = { phase: 'Bound', capacity: { storage: '1Gi' } }
  const to = (storage: string) => {
    const object = structuredClone(old)
    spec(object).resources = { requests: { storage } }
    return kind.strategy.validateUpdate?.(object, old).map(({ field }) => field)
  }
  assert.equal(to('2Gi'), [])
  assert.equal(to('1Gi'), ['spec.resources.requests.storage'])
})

test('the default class may be filled in, another may not', () => {
  const named = (name: string) => (object: KubeObject) => void Object.assign(spec(object), { storageClassName: name })
  assert.equal(updateFindings(claim({}), named('standard')), [])
  assert.match(updateFindings(claim({ storageClassName: '' }), named('standard')).join(), /^spec: Forbidden/)
  assert.match(updateFindings(claim({ storageClassName: 'a' }), named('standard')).join(), /^spec: Forbidden/)
  const annotation = 'volume.beta.kubernetes.io/storage-class'
  const old = claim({})
  const marked = { ...old, metadata: { name: 'x', annotations: { [annotation]: 'a' } } }
  assert.match(updateFindings(marked, named('standard')).join(), /^spec: Forbidden/)
  const without = (object: KubeObject) => void delete object.metadata.annotations
  assert.match(updateFindings(marked, without).join(), /^metadata\.annotations.*: field is immutable$/)
})

test('the source of a volume and the family of a slice stay', () => {
  assert.match(
    updateFindings(volume({}), (one) => void Object.assign(spec(one), { hostPath: { path: '/y' } })).join(),
    /persistentvolumesource: Forbidden/,
  )
  assert.equal(
    updateFindings(volume({}), (one) => void Object.assign(spec(one), { storageClassName: 'a' })),
    [],
  )
  assert.equal(updateFindings(slice({}), set({ addressType: 'IPv6' })), [
    'addressType: Invalid value: "IPv6": field is immutable',
  ])
})

test('the ports of slices and endpoints get their protocol, and those of slices a name', () => {
  assert.equal(defaulted(slice({ ports: [{ port: 1 }] })).ports, [{ port: 1, name: '', protocol: 'TCP' }])
  const { subsets } = defaulted(v1('Endpoints', { subsets: [{ addresses: [{ ip: '1.1.1.1' }], ports: [{ port: 1 }] }] })) as {
    subsets?: unknown
  }
  assert.equal(subsets, [{ addresses: [{ ip: '1.1.1.1' }], ports: [{ port: 1, protocol: 'TCP' }] }])
})

test('a role without rules has null in their place', () => {
  for (const kind of ['Role', 'ClusterRole']) {
    for (const fields of [{}, { rules: [] }, { rules: null }]) {
      assert.equal(defaulted({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, ...fields }).rules, null)
    }
  }
})
