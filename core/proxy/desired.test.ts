import { assert, suite } from '../testing/contract.js'
import { servicePorts } from './desired.js'
import { endpoint, here, service, slice } from './testing.js'

const local = (node: string) => node === here
const nowhere = () => undefined
const ports = (...call: [Parameters<typeof service>[1]?, Parameters<typeof slice>[2]?]) =>
  servicePorts(service('web', call[0]), [slice('web-1', 'web', call[1] ?? [])], local, nowhere)
const first = (...call: Parameters<typeof ports>) => {
  const [port] = ports(...call)
  if (!port) throw new Error('there is no port')
  return port
}
const addresses = (list: readonly { readonly address: string }[]) => list.map(({ address }) => address)

const readiness = suite('endpoints')
const dying = { ready: false, serving: true, terminating: true }
for (const [name, endpoints, expected] of [
  [
    'are the ready ones, in order',
    [endpoint('10.0.0.2'), endpoint('10.0.0.1'), endpoint('10.0.0.3', { ready: false })],
    ['10.0.0.1', '10.0.0.2'],
  ],
  ['say nothing: ready', [endpoint('10.0.0.1', {})], ['10.0.0.1']],
  [
    'that end but serve stand in where none is ready',
    [endpoint('10.0.0.1', dying), endpoint('10.0.0.2', { ready: false })],
    ['10.0.0.1'],
  ],
  ['that end stay out where one is ready', [endpoint('10.0.0.1', dying), endpoint('10.0.0.2')], ['10.0.0.2']],
  ['that end and do not serve are out', [endpoint('10.0.0.1', { ready: false, serving: false, terminating: true })], []],
  ['that are not ready and do not end are out', [endpoint('10.0.0.1', { ready: false, serving: true })], []],
  ['are there once', [endpoint('10.0.0.1'), endpoint('10.0.0.1', dying)], ['10.0.0.1']],
  ['without an address are out', [{ addresses: [] }], []],
] as const) {
  readiness(name, () => assert.equal(addresses(first({}, [...endpoints] as Parameters<typeof slice>[2]).endpoints), expected))
}
const meant = (address: string, ...zones: string[]) => ({
  ...endpoint(address),
  hints: { forZones: zones.map((name) => ({ name })) },
})
const [one, two] = [meant('10.0.0.1', 'a', 'c'), meant('10.0.0.2', 'b')]
for (const [name, zone, endpoints, expected] of [
  ['are those that are meant for the zone', 'b', [one, two], ['10.0.0.2']],
  ['may be meant for several zones', 'c', [one, two], ['10.0.0.1']],
  ['are all where none is meant for the zone', 'd', [one, two], ['10.0.0.1', '10.0.0.2']],
  ['are all where the machine has no zone', undefined, [one, two], ['10.0.0.1', '10.0.0.2']],
  ['are all where one is meant for nobody', 'b', [two, endpoint('10.0.0.3')], ['10.0.0.2', '10.0.0.3']],
  ['that are not ready have no say', 'b', [one, two, endpoint('10.0.0.3', { ready: false })], ['10.0.0.2']],
  ['that end but serve are taken from every zone', 'b', [{ ...one, conditions: dying }], ['10.0.0.1']],
] as const) {
  readiness(name, () => {
    const slices = [slice('web-1', 'web', endpoints)]
    const [port] = servicePorts(service('web', { type: 'NodePort', externalTrafficPolicy: 'Cluster' }), slices, local, () => zone)
    assert.equal([addresses(port?.endpoints ?? []), addresses(port?.externalEndpoints ?? [])], [expected, expected])
  })
}
readiness('of this machine alone are so in every zone, and nobody asks which it is', () => {
  const unasked = (): never => assert.unreachable('the zone was asked for') as never
  const near = { ...meant('10.0.0.1', 'a'), nodeName: here }
  const spec = { internalTrafficPolicy: 'Local' }
  const slices = [slice('web-1', 'web', [near, endpoint('10.0.0.2')])]
  assert.equal(addresses(servicePorts(service('web', spec), slices, local, unasked)[0]?.endpoints ?? []), ['10.0.0.1'])
})
readiness('that are not ready count where the service says so', () => {
  const [port] = ports({ publishNotReadyAddresses: true }, [endpoint('10.0.0.1', { ready: false })])
  assert.equal(addresses(port?.endpoints ?? []), ['10.0.0.1'])
})
readiness('of all slices count, of names only those of IP addresses', () => {
  const named = { ...slice('c', 'web', [endpoint('example.com')]), addressType: 'FQDN' }
  const slices = [slice('b', 'web', [endpoint('10.0.0.2')]), slice('a', 'web', [endpoint('10.0.0.1')]), named]
  assert.equal(addresses(servicePorts(service('web'), slices, local, nowhere)[0]?.endpoints ?? []), ['10.0.0.1', '10.0.0.2'])
})
readiness('and addresses of services are addresses, whatever the objects say', () => {
  const evil = '10.0.0.9/32 -j ACCEPT\n-A INPUT'
  const web = service('web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', evil], externalIPs: [evil, '192.0.2.1'] })
  const status = { loadBalancer: { ingress: [{ ip: evil }, { ip: '192.0.2.2' }, { hostname: 'example.com' }] } }
  const slices = [slice('web-1', 'web', [endpoint(evil), endpoint('10.0.0.1')])]
  const [port] = servicePorts({ ...web, status }, slices, local, nowhere)
  assert.equal(port?.clusterIps, ['10.96.0.7'])
  assert.equal(port?.externalIps, ['192.0.2.1'])
  assert.equal(port?.loadBalancerIps, ['192.0.2.2'])
  assert.equal(addresses(port?.endpoints ?? []), ['10.0.0.1'])
})
readiness('know whether they are here', () => {
  const found = first({}, [endpoint('10.0.0.1', {}, here), endpoint('10.0.0.2')]).endpoints
  assert.equal(found, [
    { address: '10.0.0.1', port: 8080, local: true },
    { address: '10.0.0.2', port: 8080, local: false },
  ])
})

const naming = suite('ports')
naming('go by name and protocol', () => {
  const spec = {
    ports: [
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns' },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'missing', port: 9 },
    ],
  }
  const slices = [
    slice(
      'a',
      'web',
      [endpoint('10.0.0.1')],
      [
        { name: 'dns', port: 5353, protocol: 'UDP' },
        { name: 'dns-tcp', port: 5354, protocol: 'TCP' },
      ],
    ),
    slice('b', 'web', [endpoint('10.0.0.2')], [{ name: 'dns', port: 5355, protocol: 'TCP' }]),
  ]
  const found = servicePorts(service('web', spec), slices, local, nowhere)
  assert.equal(
    found.map(({ key, protocol, endpoints }) => [key, protocol, endpoints.map(({ address, port }) => `${address}:${port}`)]),
    [
      ['default/web:dns', 'UDP', ['10.0.0.1:5353']],
      ['default/web:dns-tcp', 'TCP', ['10.0.0.1:5354']],
      ['default/web:missing', 'TCP', []],
    ],
  )
})

const addressing = suite('addresses')
for (const [name, spec] of [
  ['headless', { clusterIP: 'None', clusterIPs: ['None'] }],
  ['not allocated yet', { clusterIP: '', clusterIPs: [] }],
  ['an alias', { type: 'ExternalName', externalName: 'example.com' }],
  ['without ports', { ports: [] }],
] as const) {
  addressing(`a service that is ${name} has none`, () => assert.equal(ports(spec as Parameters<typeof service>[1]), []))
}
addressing('both cluster IPs answer', () => {
  assert.equal(first({ clusterIPs: ['10.96.0.1', 'fd00::1'] }).clusterIps, ['10.96.0.1', 'fd00::1'])
})
addressing('a node port counts only where the type has one', () => {
  const withPort = [{ port: 80, nodePort: 30080 }]
  assert.is(first({ ports: withPort }).nodePort, 0)
  assert.is(first({ type: 'NodePort', ports: withPort }).nodePort, 30_080)
  assert.is(first({ type: 'LoadBalancer', ports: withPort }).nodePort, 30_080)
})
addressing('of a load balancer only IPs count', () => {
  const status = { loadBalancer: { ingress: [{ ip: '203.0.113.1' }, { hostname: 'lb.example.com' }] } }
  const [port] = servicePorts(service('web', { externalIPs: ['198.51.100.1'] }, status), [], local, nowhere)
  assert.equal([port?.loadBalancerIps, port?.externalIps], [['203.0.113.1'], ['198.51.100.1']])
})

const policies = suite('policies')
const both = [endpoint('10.0.0.1', {}, here), endpoint('10.0.0.2')]
for (const [name, spec, inside, outside] of [
  ['none', {}, ['10.0.0.1', '10.0.0.2'], ['10.0.0.1', '10.0.0.2']],
  ['external local', { externalTrafficPolicy: 'Local' }, ['10.0.0.1', '10.0.0.2'], ['10.0.0.1']],
  ['internal local', { internalTrafficPolicy: 'Local' }, ['10.0.0.1'], ['10.0.0.1', '10.0.0.2']],
] as const) {
  policies(name, () => {
    const port = first(spec, both)
    assert.equal([addresses(port.endpoints), addresses(port.externalEndpoints)], [inside, outside])
  })
}
policies('what still serves here goes before what is ready elsewhere', () => {
  const port = first({ externalTrafficPolicy: 'Local' }, [endpoint('10.0.0.1', dying, here), endpoint('10.0.0.2')])
  assert.equal([addresses(port.endpoints), addresses(port.externalEndpoints)], [['10.0.0.2'], ['10.0.0.1']])
})
policies('affinity has the default of three hours', () => {
  assert.is(first({}).affinitySeconds, 0)
  assert.is(first({ sessionAffinity: 'ClientIP' }).affinitySeconds, 10_800)
  const config = { clientIP: { timeoutSeconds: 60 } }
  assert.is(first({ sessionAffinity: 'ClientIP', sessionAffinityConfig: config }).affinitySeconds, 60)
})
