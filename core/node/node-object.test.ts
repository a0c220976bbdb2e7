import { assert, suite } from '../testing/contract.js'
import { readMachine } from './machine.js'
import { type NodeFacts, nodeObject, nodeStatus, sameNodeStatus } from './node-object.js'
import { same } from './same.js'
import { now } from './testing.js'
import { fromTime, toMicroTime, toTime } from './time.js'

const test = suite('node object')
const info = {
  machineID: 'm',
  systemUUID: 's',
  bootID: 'b',
  kernelVersion: '6.1',
  osImage: 'Linux',
  kubeletVersion: 'v1',
  kubeProxyVersion: 'v1',
  operatingSystem: 'linux',
  architecture: 'amd64',
}
const facts: NodeFacts = {
  config: {
    name: 'one',
    runtime: 'cri-x',
    podCidr: '10.0.0.0/24',
    labels: { zone: 'a' },
    taints: [{ key: 'k', effect: 'NoSchedule' }],
    capacity: {},
    addresses: [],
    podPidsLimit: -1,
    allowedUnsafeSysctls: [],
  },
  machine: { capacity: {}, addresses: [], info, architecture: 'amd64' },
  hollow: false,
  volumesDirectory: '/var/lib/davit/nodes/one/volumes',
  runtimeVersion: 'x://1',
  problem: undefined,
  capacity: { cpu: '4', memory: '8Gi', pods: '110' },
  addresses: ['192.0.2.7'],
  port: 10250,
}
const ready = (status: ReturnType<typeof nodeStatus>) => status.conditions?.find((condition) => condition.type === 'Ready')

test('a new Node', () => {
  const node = nodeObject(facts, now)
  assert.equal(node.metadata.labels, {
    'kubernetes.io/hostname': 'one',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': 'amd64',
    zone: 'a',
  })
  assert.equal(node.metadata.annotations, { 'davit.dev/volumes-directory': '/var/lib/davit/nodes/one/volumes' })
  assert.equal(node.spec, { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'], taints: [{ key: 'k', effect: 'NoSchedule' }] })
  assert.equal(node.status?.addresses, [
    { type: 'InternalIP', address: '192.0.2.7' },
    { type: 'Hostname', address: 'one' },
  ])
  assert.is(node.status?.nodeInfo?.containerRuntimeVersion, 'x://1')
  assert.is(ready(node.status ?? {})?.status, 'True')
})

test('a problem makes it not ready, and says why', () => {
  const status = nodeStatus({ ...facts, problem: { reason: 'KubeletNotReady', message: 'no daemon' } }, undefined, now)
  assert.equal([ready(status)?.status, ready(status)?.reason, ready(status)?.message], ['False', 'KubeletNotReady', 'no daemon'])
})

test('a heartbeat alone is no change; a change has its time', () => {
  const first = nodeStatus(facts, undefined, now)
  const second = nodeStatus(facts, first, now + 60_000)
  assert.ok(sameNodeStatus(first, second))
  assert.is(ready(second)?.lastTransitionTime, toTime(now))
  assert.is(ready(second)?.lastHeartbeatTime, toTime(now + 60_000))
  const third = nodeStatus({ ...facts, problem: { reason: 'X', message: '' } }, second, now + 90_000)
  assert.not(sameNodeStatus(second, third))
  assert.is(ready(third)?.lastTransitionTime, toTime(now + 90_000))
})

test('what others added stays: extended resources, conditions', () => {
  const foreign = { type: 'NetworkUnavailable', status: 'False' }
  const status = nodeStatus(facts, { capacity: { 'example.com/gpu': '2', cpu: '1' }, conditions: [foreign] }, now)
  assert.equal(status.capacity, { 'example.com/gpu': '2', cpu: '4', memory: '8Gi', pods: '110' })
  assert.equal(status.allocatable, status.capacity)
  assert.equal(status.conditions?.[0], foreign)
})

test('this machine has processors, memory, an address and a disk', async (t) => {
  const machine = await readMachine(await t.directory())
  assert.ok(Number(machine.capacity.cpu) >= 1)
  assert.match(machine.capacity.memory ?? '', /^\d+Ki$/)
  assert.match(machine.capacity['ephemeral-storage'] ?? '', /^\d+Ki$/)
  assert.ok(machine.addresses.length > 0)
  assert.ok(machine.info.kernelVersion.length > 0)
})

test('same: as JSON', () => {
  assert.ok(same({ a: 1, b: [1, { c: undefined }] }, { b: [1, {}], a: 1 }))
  for (const [a, b] of [
    [{ a: 1 }, { a: 2 }],
    [{}, { a: 1 }],
    [{ a: 1 }, {}],
    [[1], [1, 2]],
    [[1], { 0: 1 }],
    [null, {}],
    ['1', 1],
  ]) {
    assert.not(same(a, b), JSON.stringify([a, b]))
  }
})

test('times go there and back', () => {
  assert.is(toTime(now + 999), '2024-01-01T12:00:00Z')
  assert.is(toMicroTime(now + 7), '2024-01-01T12:00:00.007000Z')
  assert.is(fromTime('2024-01-01T12:00:00Z'), now)
  assert.equal([fromTime(undefined), fromTime('soon')], [0, 0])
})
