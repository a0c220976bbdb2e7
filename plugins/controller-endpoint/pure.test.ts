import type { Pod, Service } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { addressOf, conditionsOf, familiesOf, hostnameOf, looksTheSame, selectsPods } from './pod-endpoint.js'
import { portsKey, targetPorts } from './ports.js'
import { capacity, serviceEndpoints } from './service-endpoints.js'
import { serviceSlices } from './service-slices.js'
import { makePod, makeService, withStatus } from './testing.js'
import { triggerTime } from './trigger-time.js'

const going = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2024-01-01T00:00:09Z' } })
const portsOf = (service: Service, pod = makePod('a')) => targetPorts(service, pod).map(({ name, port }) => `${name}:${port}`)

test('target ports', () => {
  const service = (...ports: object[]) => makeService('web', { ports: ports as NonNullable<Service['spec']['ports']> })
  assert.equal(portsOf(service({ port: 80 })), [':80'])
  assert.equal(portsOf(service({ port: 80, targetPort: 8000 })), [':8000'])
  assert.equal(portsOf(service({ port: 80, targetPort: 'http' })), [':8080'])
  assert.equal(portsOf(service({ port: 80, targetPort: 'nowhere' })), [])
  assert.equal(portsOf(service({ port: 80, targetPort: 'http', protocol: 'UDP' })), [], 'the protocol belongs to the name')
  assert.equal(portsOf(service({ name: 'b', port: 2 }, { name: 'a', port: 9 })), ['a:9', 'b:2'])
  const port = { name: 'late', containerPort: 7000 }
  const init = (restartPolicy?: string) =>
    makePod('a', { initContainers: [{ name: 'i', image: 'i', ports: [port], ...(restartPolicy ? { restartPolicy } : {}) }] })
  assert.equal(portsOf(service({ port: 80, targetPort: 'late' }), init()), [])
  assert.equal(portsOf(service({ port: 80, targetPort: 'late' }), init('Always')), [':7000'])
  const [plain, named] = [service({ port: 80, appProtocol: 'h2c' }), service({ port: 80 })]
  assert.is.not(portsKey(targetPorts(plain, makePod('a'))), portsKey(targetPorts(named, makePod('a'))))
})

test('conditions', () => {
  const [service, open] = [makeService('web'), makeService('web', { publishNotReadyAddresses: true })]
  const [ready, unready] = [withStatus(makePod('a'), '10.0.0.1', true), withStatus(makePod('a'), '10.0.0.1', false)]
  assert.equal(conditionsOf(ready, service), { ready: true, serving: true, terminating: false })
  assert.equal(conditionsOf(unready, service), { ready: false, serving: false, terminating: false })
  assert.equal(conditionsOf(going(ready), service), { ready: false, serving: true, terminating: true })
  assert.equal(conditionsOf(going(unready), open), { ready: true, serving: false, terminating: true })
})

test('addresses and families', () => {
  const both = { ...makePod('a'), status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] } }
  assert.is(addressOf(both, 'IPv4'), '10.0.0.1')
  assert.is(addressOf(both, 'IPv6'), 'fd00::1')
  assert.is(addressOf(makePod('a'), 'IPv4'), undefined)
  assert.equal(familiesOf(makeService('web')), ['IPv4'])
  assert.equal(familiesOf(makeService('web', { clusterIP: 'fd00::9' })), ['IPv6'])
  assert.equal(familiesOf(makeService('web', { ipFamilies: ['IPv6', 'IPv4'] })), ['IPv6', 'IPv4'])
  const { groups } = serviceSlices(makeService('web', { ipFamilies: ['IPv4', 'IPv6'] }), [both], () => undefined, 100)
  assert.equal(
    groups.map(({ endpoints }) => endpoints[0]?.addresses[0]),
    ['10.0.0.1', 'fd00::1'],
  )
})

test('hostnames belong to the Service that the subdomain names', () => {
  const pod = makePod('a', { hostname: 'first', subdomain: 'web' })
  assert.is(hostnameOf(pod, makeService('web')), 'first')
  assert.is(hostnameOf(pod, makeService('other')), undefined)
  assert.is(hostnameOf(makePod('a', { subdomain: 'web' }), makeService('web')), undefined)
})

test('who selects Pods', () => {
  assert.ok(selectsPods(makeService('web')))
  assert.not.ok(selectsPods(makeService('web', { selector: {} })))
  assert.not.ok(selectsPods(makeService('web', { type: 'ExternalName' })))
})

test('which changes of a Pod a Service can see', () => {
  const pod = withStatus(makePod('a', { nodeName: 'one' }), '10.0.0.1', true)
  assert.ok(looksTheSame(pod, { ...pod, metadata: { ...pod.metadata, resourceVersion: '9', annotations: { a: 'b' } } }))
  assert.ok(looksTheSame(pod, { ...pod, status: { ...pod.status, message: 'x', hostIP: '1.2.3.4' } }))
  const seen: Pod[] = [
    withStatus(pod, '10.0.0.1', false),
    withStatus(pod, '10.0.0.2', true),
    going(pod),
    { ...pod, status: { ...pod.status, phase: 'Failed' } },
    { ...pod, metadata: { ...pod.metadata, labels: { app: 'other' } } },
    { ...pod, spec: { ...pod.spec, nodeName: 'two' } },
    { ...pod, metadata: { ...pod.metadata, uid: 'another of the same name' } },
  ]
  for (const [index, changed] of seen.entries()) assert.not.ok(looksTheSame(pod, changed), `change ${index}`)
})

test('Endpoints are sorted, whatever the order of the Pods', () => {
  const several = ['3', '1', '2'].map((name) => withStatus(makePod(name), `10.0.0.${name}`, name !== '2'))
  const { subsets } = serviceEndpoints(makeService('web'), several)
  assert.equal(subsets, serviceEndpoints(makeService('web'), [...several].reverse()).subsets)
  assert.equal(
    subsets?.map(({ addresses, notReadyAddresses }) => [addresses?.map(({ ip }) => ip), notReadyAddresses?.map(({ ip }) => ip)]),
    [[['10.0.0.1', '10.0.0.3'], ['10.0.0.2']]],
  )
})

test('Endpoints hold so many addresses, ready ones first, and say that some are left out', () => {
  const many = Array.from({ length: capacity + 5 }, (_, index) =>
    withStatus(makePod(`${index}`), `10.0.${index >> 8}.${index & 255}`, index >= 5),
  )
  const full = serviceEndpoints(makeService('web'), many)
  assert.is(full.subsets?.[0]?.addresses?.length, capacity)
  assert.is(full.subsets?.[0]?.notReadyAddresses, undefined)
  const over = 'endpoints.kubernetes.io/over-capacity'
  assert.is(full.metadata.annotations?.[over], 'truncated')
  assert.is(serviceEndpoints(makeService('web'), many.slice(9), full).metadata.annotations?.[over], undefined)
})

test('a headless Service may have no ports', () => {
  const pod = withStatus(makePod('a'), '10.0.0.1', true)
  assert.is(serviceEndpoints(makeService('web', { ports: [] }), [pod]).subsets?.length, 0)
  const headless = serviceEndpoints(makeService('web', { ports: [], clusterIP: 'None' }), [pod])
  assert.equal(
    headless.subsets?.map(({ addresses, ports }) => [addresses?.[0]?.ip, ports]),
    [['10.0.0.1', undefined]],
  )
})

test('the time of the last change is the latest', () => {
  const made = makeService('web')
  const service = { ...made, metadata: { ...made.metadata, creationTimestamp: '2024-01-01T00:00:05Z' } }
  assert.is(triggerTime(service, []), '2024-01-01T00:00:05Z')
  const turns = ['2024-01-01T00:00:07Z', '2024-01-01T00:00:06Z'].map((at, index) =>
    withStatus(makePod(`${index}`), '10.0.0.1', true, at),
  )
  assert.is(triggerTime(service, turns), '2024-01-01T00:00:07Z')
})
