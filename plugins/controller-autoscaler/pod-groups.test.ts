import type { Pod } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import type { AutoscalerConfig } from './config.js'
import { durationMs } from './metrics-client.js'
import { groupPods, type PodSample, requestsOf } from './pod-groups.js'

const test = suite('groups')
const now = Date.UTC(2030, 0)
const config = { cpuInitializationSeconds: 300, initialReadinessDelaySeconds: 30 } as AutoscalerConfig
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString()

interface Facts {
  readonly ready?: boolean
  readonly started?: number
  readonly changed?: number
  readonly phase?: string
  readonly deleted?: boolean
}
function pod({ ready = true, started = 3600, changed = 3600, phase = 'Running', deleted = false }: Facts): Pod {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(changed) }]
  const metadata = { name: 'a', ...(deleted && { deletionTimestamp: ago(1) }) }
  return { metadata, spec: { containers: [] }, status: { phase, startTime: ago(started), conditions } } as unknown as Pod
}
const sample: PodSample = { value: 7, at: now, windowMs: 15_000 }

/** Beside one that is always ready. */
function stateOf(facts: Facts, resource = 'cpu', own: PodSample | undefined = sample): string {
  const steady = { ...pod({}), metadata: { name: 'steady' } } as Pod
  const samples = new Map([['steady', sample], ...(own ? [['a', own] as const] : [])])
  const groups = groupPods({ pods: [pod(facts), steady], samples, resource, config, now })
  return groups.find(({ name }) => name === 'a')?.state ?? 'ignored'
}

const cases: readonly [name: string, facts: Facts, wanted: string][] = [
  ['an old Pod that is ready', {}, 'ready'],
  ['one that became unready after a life', { ready: false, changed: 60 }, 'ready'],
  ['one that never was ready', { ready: false, started: 3600, changed: 3590 }, 'unready'],
  ['a young one that is not ready', { ready: false, started: 100, changed: 100 }, 'unready'],
  ['a young one that is ready for longer than the window', { started: 100, changed: 16 }, 'ready'],
  ['a young one that is ready for less than the window', { started: 100, changed: 14 }, 'unready'],
  ['one that waits', { phase: 'Pending' }, 'unready'],
  ['one that failed', { phase: 'Failed' }, 'ignored'],
  ['one on its way out', { deleted: true }, 'ignored'],
]
for (const [name, facts, wanted] of cases) test(name, () => assert.is(stateOf(facts), wanted))

test('the rules of the start are for the CPU alone', () => {
  assert.is(stateOf({ ready: false, started: 100 }, 'memory'), 'ready')
  assert.is(stateOf({ phase: 'Pending' }, ''), 'unready')
})

test('without a figure it is missing, without a start or a condition not ready', () => {
  const samples = new Map([['steady', sample]])
  const steady = { ...pod({}), metadata: { name: 'steady' } } as Pod
  const groups = groupPods({ pods: [pod({}), steady], samples, resource: 'cpu', config, now })
  assert.is(groups[0]?.state, 'missing')
  const bare = { ...pod({}), status: { phase: 'Running' } } as Pod
  const all = new Map([...samples, ['a', sample] as const])
  assert.is(groupPods({ pods: [bare, steady], samples: all, resource: 'cpu', config, now })[0]?.state, 'unready')
})

test('nothing to count by is told', () => {
  const ask = (pods: readonly Pod[]) => () => groupPods({ pods, samples: new Map(), resource: 'cpu', config, now })
  assert.throws(ask([]), 'no pods returned by selector while calculating replica count')
  assert.throws(ask([pod({})]), 'did not receive metrics for targeted pods (pods might be unready)')
})

test('requests are those of all containers that go on, or of the one that is named', () => {
  const container = (name: string, cpu: string | undefined, more: object = {}) => ({
    name,
    image: 'x',
    ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }),
    ...more,
  })
  const spec = {
    containers: [container('main', '100m'), container('other', '0.25')],
    initContainers: [container('first', undefined), container('side', '50m', { restartPolicy: 'Always' })],
  }
  const made = { ...pod({}), spec } as unknown as Pod
  assert.is(requestsOf([made], 'cpu', '').get('a'), 400)
  assert.is(requestsOf([made], 'cpu', 'side').get('a'), 50)
  assert.throws(() => requestsOf([made], 'memory', ''), 'missing request for memory in container main of Pod a')
})

test('lengths of time are read as Go writes them', () => {
  assert.equal(['15s', '1m2.5s', '1h0m0s', '500ms', '', '12µs'].map(durationMs), [15_000, 62_500, 3_600_000, 500, 0, 0])
})
