import { ApiError } from '../../client/contract.js'
import { assert, suite } from '../../testing/contract.js'
import type { NodeUsage } from '../contract.js'
import { parseRoute, subresourceOf } from './routes.js'
import { agentMetrics, resourceMetrics, summaryOf, usageOf } from './summary.js'

const routes = suite('routes')
for (const [path, expected] of [
  ['/healthz', { type: 'health' }],
  ['/pods', { type: 'pods' }],
  ['/stats/summary', { type: 'summary' }],
  ['/metrics', { type: 'metrics' }],
  ['/metrics/resource', { type: 'resourceMetrics' }],
  ['/containerLogs/a/b/c', { type: 'logs', namespace: 'a', pod: 'b', container: 'c' }],
  ['/exec/a/b/c', { type: 'exec', namespace: 'a', pod: 'b', container: 'c' }],
  ['/exec/a/b/uid/c', { type: 'exec', namespace: 'a', pod: 'b', container: 'c' }],
  ['/attach/a/b/c%20d', { type: 'attach', namespace: 'a', pod: 'b', container: 'c d' }],
  ['/portForward/a/b', { type: 'portForward', namespace: 'a', pod: 'b' }],
  ['/portForward/a/b/uid', { type: 'portForward', namespace: 'a', pod: 'b' }],
] as const) {
  routes(path, () => assert.equal(parseRoute(path), expected))
}
for (const path of [
  ...['', '/', '/x', '/exec', '/exec/a', '/exec/a/b', '/exec/a/b/c/d/e', '/exec//b/c', '/exec/a/b/'],
  ...['/containerLogs/a/b', '/containerLogs/a/b/u/c', '/portForward/a', '/portForward/a/b/c/d', '/logs/syslog', '/constructor'],
  ...['/exec/a/b/%E0%A4%A', '/run/a/b/c', '/pods/'],
]) {
  routes(`${path || 'nothing'} is unknown`, () => {
    const error = assert.fails(() => parseRoute(path))
    assert.is(error instanceof ApiError && error.code, 404)
  })
}
routes('what authorizers are asked about', () => {
  const subresource = (path: string) => subresourceOf(parseRoute(path))
  assert.equal(['/stats/summary', '/metrics', '/metrics/resource', '/pods', '/exec/a/b/c', '/healthz'].map(subresource), [
    ...['stats', 'metrics', 'metrics'],
    ...['proxy', 'proxy', 'proxy'],
  ])
})

const test = suite('figures')
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const used = <T extends object>(more: T) => ({ at: at + 1, cpuNanoseconds: 2_500_000_000, memoryBytes: 1024, ...more })
const usage: NodeUsage = {
  at,
  node: { at, cpuNanoseconds: 9_000_000_000, memoryBytes: 4096 },
  pods: [
    {
      ...{ namespace: 'default', name: 'web', uid: 'u1' },
      containers: [
        used({ name: 'main', id: 'abc', startedAt: at - 60_000 }),
        used({ name: 'side', id: 'def', startedAt: at - 5 }),
      ],
    },
  ],
}

test('a summary carries all that the API server needs, to the millisecond', () => {
  const back = usageOf(JSON.parse(JSON.stringify(summaryOf('one', usage))), 0)
  assert.equal([back.at, back.node], [usage.at, usage.node])
  const [pod] = back.pods
  assert.equal([pod?.namespace, pod?.name, pod?.uid], ['default', 'web', 'u1'])
  const plain = (list: readonly { readonly id: string }[] = []) => list.map(({ id: _id, ...rest }) => rest)
  assert.equal(plain(pod?.containers), plain(usage.pods[0]?.containers))
  assert.not.equal(pod?.containers[0]?.id, pod?.containers[1]?.id)
})

test('a container that was started anew is another', () => {
  const idOf = (startedAt: number) => {
    const pods = [{ namespace: 'default', name: 'web', uid: 'u1', containers: [used({ name: 'main', id: 'x', startedAt })] }]
    return usageOf(summaryOf('one', { ...usage, pods }), 0).pods[0]?.containers[0]?.id
  }
  assert.is(idOf(at), idOf(at))
  assert.not.equal(idOf(at), idOf(at + 1))
})

test('a node without figures of its own, and a summary without a time', () => {
  const { node: _node, ...hollow } = usage
  const summary = summaryOf('one', hollow)
  assert.equal(summary.node, { nodeName: 'one' })
  const { time: _time, ...rest } = summary
  assert.equal([usageOf(rest, 7).at, 'node' in usageOf(rest, 7)], [7, false])
})

test('figures for Prometheus', () => {
  const text = resourceMetrics(usage)
  assert.match(text, /^# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total 9 1767323045678\n/)
  assert.match(text, 'container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 2.5 1767323045679\n')
  assert.is(text.match(/^# TYPE container_memory_working_set_bytes/gm)?.length, 1)
  assert.is(resourceMetrics({ at, pods: [] }), '\n')
  assert.match(agentMetrics(3, 5), /^kubelet_running_pods 3$/m)
})
