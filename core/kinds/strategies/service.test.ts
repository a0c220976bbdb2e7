import { assert, test } from '@davit/core/testing'
import type { Service } from '../contract.js'
import { created, defaulted, findings, type Manifest, updated } from './testing.js'

const service = (fields: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  spec: { ports: [{ port: 80 }], ...fields },
})
const port = { port: 80, protocol: 'TCP', targetPort: 80 }

const defaults: [name: string, fields: object, want: object][] = [
  ['plain', {}, { ports: [port], sessionAffinity: 'None', type: 'ClusterIP', internalTrafficPolicy: 'Cluster' }],
  [
    'node port',
    { type: 'NodePort' },
    {
      ports: [port],
      sessionAffinity: 'None',
      type: 'NodePort',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
    },
  ],
  [
    'load balancer',
    { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
    {
      ports: [port],
      sessionAffinity: 'None',
      type: 'LoadBalancer',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Local',
      allocateLoadBalancerNodePorts: true,
    },
  ],
  [
    'external name',
    { type: 'ExternalName', externalName: 'a.b', ports: undefined },
    { sessionAffinity: 'None', type: 'ExternalName', externalName: 'a.b' },
  ],
  [
    'external addresses',
    { externalIPs: ['1.2.3.4'] },
    {
      ports: [port],
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      externalIPs: ['1.2.3.4'],
    },
  ],
  [
    'affinity',
    { sessionAffinity: 'ClientIP' },
    {
      ports: [port],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
    },
  ],
  [
    'affinity given up',
    { sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } },
    { ports: [port], sessionAffinity: 'None', type: 'ClusterIP', internalTrafficPolicy: 'Cluster' },
  ],
  [
    'target ports',
    {
      ports: [
        { name: 'a', port: 1, targetPort: 'http' },
        { name: 'b', port: 2, targetPort: 0, protocol: 'UDP' },
      ],
    },
    {
      ports: [
        { name: 'a', port: 1, targetPort: 'http', protocol: 'TCP' },
        { name: 'b', port: 2, targetPort: 2, protocol: 'UDP' },
      ],
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
    },
  ],
]
for (const [name, fields, want] of defaults) {
  test(`defaults: ${name}`, () => assert.equal(defaulted(JSON.parse(JSON.stringify(service(fields)))).spec, want))
}

test('the two forms of the address go together', () => {
  assert.equal((created(service({ clusterIP: 'None' })) as Service).spec.clusterIPs, ['None'])
  assert.is((created(service({ clusterIPs: ['10.0.0.1'] })) as Service).spec.clusterIP, '10.0.0.1')
  assert.equal(created(service()).status, { loadBalancer: {} })
})

for (const fields of [
  {},
  { clusterIP: '10.0.0.1' },
  { clusterIP: 'None', ports: [] },
  { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
  {
    ports: [
      { name: 'a', port: 53 },
      { name: 'b', port: 53, protocol: 'UDP' },
    ],
  },
  { type: 'ExternalName', externalName: 'example.com.', ports: [] },
  { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'], loadBalancerClass: 'a.b/c' },
  { clusterIPs: ['10.0.0.1', 'fd00::1'], ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
]) {
  test(`sound: ${JSON.stringify(fields)}`, () => assert.equal(findings(service(fields)), []))
}

const wrong: [fields: object, error: RegExp][] = [
  [{ ports: [] }, /^spec\.ports: Required value$/],
  [{ ports: [{ port: 0 }] }, /^spec\.ports\[0\]\.port: Invalid value: 0: must be between 1 and 65535, inclusive$/],
  [{ ports: [{ port: 1 }, { port: 2 }] }, /^spec\.ports\[0\]\.name: Required value$/],
  [
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
      ],
    },
    /^spec\.ports\[1\]\.name: Duplicate value: "a"$/,
  ],
  [
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 1 },
      ],
    },
    /^spec\.ports\[1\]: Duplicate value: \{"protocol":"TCP","port":1\}$/,
  ],
  [{ ports: [{ port: 1, targetPort: 'A' }] }, /targetPort: Invalid value: "A"/],
  [{ ports: [{ port: 1, protocol: 'X' }] }, /protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"/],
  [
    { ports: [{ port: 1, nodePort: 30000 }] },
    /^spec\.ports\[0\]\.nodePort: Forbidden: may not be used when `type` is 'ClusterIP'$/,
  ],
  [
    {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 1, nodePort: 30000 },
        { name: 'b', port: 2, nodePort: 30000 },
      ],
    },
    /nodePort: Duplicate value: 30000/,
  ],
  [
    { type: 'Magic' },
    /^spec\.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"$/,
  ],
  [{ clusterIP: 'x' }, /^spec\.clusterIPs\[0\]: Invalid value: "x": must be empty, 'None', or a valid IP address$/],
  [{ type: 'NodePort', clusterIP: 'None' }, /may not be set to 'None' for NodePort services/],
  [{ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] }, /first value must match `clusterIP`/],
  [{ type: 'ExternalName' }, /^spec\.externalName: Required value$/],
  [{ type: 'ExternalName', externalName: 'a b' }, /spec\.externalName: Invalid value: "a b"/],
  [
    { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } },
    /must be greater than 0 and less than 86400/,
  ],
  [{ sessionAffinity: 'Magic' }, /spec\.sessionAffinity: Unsupported value: "Magic": supported values: "ClientIP", "None"/],
  [{ externalIPs: ['x'] }, /^spec\.externalIPs\[0\]: Invalid value: "x": must be a valid IP address/],
  [{ externalTrafficPolicy: 'Local' }, /may only be set for externally-accessible services/],
  [{ healthCheckNodePort: 30000 }, /^spec\.healthCheckNodePort: Invalid value: 30000/],
  [{ loadBalancerClass: 'a/b' }, /may only be used when `type` is 'LoadBalancer'/],
  [{ loadBalancerSourceRanges: ['x'] }, /must be a valid CIDR value/],
  [{ selector: { a: '-' } }, /^spec\.selector: Invalid value: "-"/],
]
for (const [fields, error] of wrong) {
  test(`refused: ${JSON.stringify(fields)}`, () => {
    const found = findings(service(fields))
    assert.ok(
      found.some((one) => error.test(one)),
      found.join('\n') || 'nothing was found',
    )
  })
}

test('the name is a DNS-1035 label', () => {
  assert.match(
    findings({ ...service(), metadata: { name: '1a' } }).join(),
    /metadata\.name: Invalid value: "1a": a DNS-1035 label must consist of/,
  )
})

const change = (before: object, after: object) =>
  updated(service(before), (object) => {
    const { spec } = object as Service
    object.spec = JSON.parse(JSON.stringify({ ...spec, ...after }))
  })
const given = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }

test('an address that is given stays, also for a client that does not send it', () => {
  const { object, findings: found } = change(given, { clusterIP: undefined, clusterIPs: undefined })
  assert.equal(found, [])
  assert.equal((object as Service).spec.clusterIPs, ['10.0.0.1'])
  assert.equal(change(given, { clusterIP: '10.0.0.2' }).findings, [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ])
})

test('to ExternalName and back the address goes', () => {
  const { object, findings: found } = change(given, { type: 'ExternalName', externalName: 'a.b' })
  assert.equal(found, [])
  const { spec } = object as Service
  assert.equal([spec.clusterIP, spec.clusterIPs, spec.internalTrafficPolicy], [undefined, undefined, undefined])
  const back = change({ type: 'ExternalName', externalName: 'a.b' }, { type: 'ClusterIP', clusterIP: '10.0.0.3' })
  assert.equal(back.findings, [])
  assert.equal((back.object as Service).spec.clusterIPs, ['10.0.0.3'])
  assert.is((back.object as Service).spec.externalName, undefined)
})

test('node ports stay with their port, and go with the type', () => {
  const node = {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 1, nodePort: 30001 },
      { name: 'b', port: 2, nodePort: 30002 },
    ],
  }
  const kept = change(node, {
    ports: [
      { name: 'b', port: 2 },
      { name: 'c', port: 3 },
    ],
  }).object as Service
  assert.equal(
    kept.spec.ports?.map((one) => one.nodePort),
    [30002, undefined],
  )
  const inside = change(node, { type: 'ClusterIP' })
  assert.equal(inside.findings, [])
  assert.equal(
    (inside.object as Service).spec.ports?.map((one) => one.nodePort),
    [undefined, undefined],
  )
  assert.is((inside.object as Service).spec.externalTrafficPolicy, undefined)
})

test('the port of the health check stays while it is of use', () => {
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 }
  assert.is((change(local, { healthCheckNodePort: undefined }).object as Service).spec.healthCheckNodePort, 31000)
  const cluster = change(local, { externalTrafficPolicy: 'Cluster' })
  assert.equal(cluster.findings, [])
  assert.is((cluster.object as Service).spec.healthCheckNodePort, undefined)
  const plain = change(local, { type: 'ClusterIP' })
  assert.equal(plain.findings, [])
  assert.is((plain.object as Service).spec.allocateLoadBalancerNodePorts, undefined)
})
