import { assert, test } from '../testing/contract.js'
import { addTotals, emptyTotals, isLess, nodeAllocatable, podInfo, podRequests } from './requests.js'
import { asking, node, plain, pod } from './testing.js'

const none = { milliCpu: 0, memory: 0, ephemeralStorage: 0 }
const sidecar = { restartPolicy: 'Always' }

const cases = [
  { name: 'nothing', spec: {}, sum: none },
  {
    name: 'containers together',
    spec: { containers: [asking({ cpu: '100m', memory: '1Mi' }), asking({ cpu: '1', 'ephemeral-storage': '2k' })] },
    sum: { milliCpu: 1100, memory: 1_048_576, ephemeralStorage: 2000 },
  },
  {
    name: 'extended resources by name',
    spec: { containers: [asking({ 'example.com/gpu': '2' }), asking({ 'example.com/gpu': '1', 'hugepages-2Mi': '4Mi' })] },
    sum: { ...none, 'example.com/gpu': 3, 'hugepages-2Mi': 4_194_304 },
  },
  {
    name: 'the largest init container where it needs more, each resource by itself',
    spec: {
      containers: [asking({ cpu: '1', memory: '100' })],
      initContainers: [asking({ cpu: '2' }), asking({ cpu: '500m', memory: '300' })],
    },
    sum: { ...none, milliCpu: 2000, memory: 300 },
  },
  {
    name: 'sidecars beside the containers',
    spec: { containers: [asking({ cpu: '1' })], initContainers: [asking({ cpu: '250m' }, sidecar)] },
    sum: { ...none, milliCpu: 1250 },
  },
  {
    name: 'an init container beside the sidecars before it, not after it',
    spec: {
      containers: [asking({ cpu: '100m' })],
      initContainers: [asking({ cpu: '1' }, sidecar), asking({ cpu: '2' }), asking({ cpu: '1' }, sidecar)],
    },
    sum: { ...none, milliCpu: 3000 },
  },
  {
    name: 'the overhead on top of the worst moment',
    spec: { containers: [asking({ cpu: '1' })], initContainers: [asking({ cpu: '2' })], overhead: { cpu: '10m', memory: '5' } },
    sum: { ...none, milliCpu: 2010, memory: 5 },
  },
]
for (const { name, spec, sum } of cases) test(`sums ${name}`, () => assert.equal(plain(podRequests(pod('a', spec))), sum))

test('what is added and taken away again comes to nothing', () => {
  const totals = emptyTotals()
  const requests = podRequests(pod('a', { containers: [asking({ cpu: '1', memory: '5', 'example.com/gpu': '2' })] }))
  addTotals(totals, requests)
  addTotals(totals, requests, -1)
  assert.equal(plain(totals), { ...none, 'example.com/gpu': 0 })
})

test('less of any resource is less', () => {
  const of = (requests: Record<string, string>) => podRequests(pod('a', { containers: [asking(requests)] }))
  const before = of({ cpu: '1', memory: '10', 'example.com/gpu': '2' })
  assert.not(isLess(before, of({ cpu: '1', memory: '10', 'example.com/gpu': '2' })))
  assert.not(isLess(of({ cpu: '2', memory: '10', 'example.com/gpu': '2' }), before))
  assert.ok(isLess(of({ cpu: '2', memory: '9', 'example.com/gpu': '2' }), before))
  assert.ok(isLess(of({ cpu: '1', memory: '10' }), before))
})

test('a node offers what is allocatable, or else its capacity', () => {
  const offered = nodeAllocatable(node('a', { cpu: '3500m', memory: '1Ki', 'example.com/gpu': '1' }))
  assert.equal(plain(offered.totals), { milliCpu: 3500, memory: 1024, ephemeralStorage: 0, 'example.com/gpu': 1 })
  assert.is(offered.pods, 110)
  assert.is(nodeAllocatable({ ...node('a'), status: { capacity: { cpu: '1', pods: '5' } } }).pods, 5)
  assert.is(nodeAllocatable({ ...node('a'), status: {} }).pods, 0)
})

test('host ports are those of containers and sidecars, with their address and protocol', () => {
  const ports = (...list: object[]) => ({ ports: list as { containerPort: number }[] })
  const found = podInfo(
    pod('a', {
      containers: [
        asking({}, ports({ containerPort: 80, hostPort: 8080 }, { containerPort: 81 })),
        asking({}, ports({ containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '10.0.0.1' })),
      ],
      initContainers: [
        asking({}, { ...sidecar, ...ports({ containerPort: 9, hostPort: 9 }) }),
        asking({}, ports({ containerPort: 7, hostPort: 7 })),
      ],
    }),
  ).hostPorts
  assert.equal(found, ['0.0.0.0/TCP/8080', '10.0.0.1/UDP/53', '0.0.0.0/TCP/9'])
})

test('it is made once for each revision', () => {
  const one = pod('a', { priority: 7 })
  assert.is(podInfo(one), podInfo(one))
  assert.is(podInfo(one).priority, 7)
  assert.is(podInfo(one).key, 'default/a')
  assert.is.not(podInfo(one), podInfo({ ...one }))
})
