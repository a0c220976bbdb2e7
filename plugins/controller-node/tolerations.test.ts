import { nodes } from '@davit/core/client'
import { type Taint, type Toleration, tolerates } from '@davit/core/kinds'
import { assert, createVirtualClock, test } from '@davit/core/testing'
import { lostConditions, unreadyConditions } from './conditions.js'
import { Pace } from './pace.js'
import { taintsWith } from './taints.js'
import { makeNode, makePod, plane } from './testing.js'
import { stayOf } from './tolerations.js'

const now = Date.parse('2024-01-01T01:00:00Z')
const taint = (key: string, value?: string): Taint => ({
  key,
  effect: 'NoExecute',
  timeAdded: '2024-01-01T00:59:00Z',
  ...(value ? { value } : {}),
})
const stay = (tolerations: Toleration[], ...taints: Taint[]) => {
  const pod = makePod('a', { tolerations })
  const answer = stayOf({ ...pod, metadata: { ...pod.metadata, creationTimestamp: '2024-01-01T00:00:00Z' } }, taints, now)
  return answer.state === 'stays' ? 'stays' : (answer.at - now) / 1000
}

test('what is tolerated', () => {
  const cases: [Toleration, Taint, boolean][] = [
    [{ operator: 'Exists' }, taint('a'), true],
    [{ key: 'a', operator: 'Exists' }, taint('a', 'x'), true],
    [{ key: 'b', operator: 'Exists' }, taint('a'), false],
    [{ key: 'a', value: 'x' }, taint('a', 'x'), true],
    [{ key: 'a', operator: 'Equal', value: 'y' }, taint('a', 'x'), false],
    [{ key: 'a' }, taint('a'), true],
    [{ key: 'a', effect: 'NoSchedule' }, taint('a'), false],
    [{ key: 'a', effect: 'NoExecute' }, taint('a'), true],
  ]
  for (const [toleration, what, expected] of cases) assert.is(tolerates(toleration, what), expected, JSON.stringify(toleration))
})

test('how long a Pod stays', () => {
  const after = (key: string, tolerationSeconds?: number): Toleration => ({
    key,
    operator: 'Exists',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  })
  assert.is(stay([]), 'stays')
  assert.is(stay([], taint('a')), 0)
  assert.is(stay([after('a')], taint('a')), 'stays')
  assert.is(stay([after('a', 300)], taint('a')), 240, 'from when the taint was added')
  assert.is(stay([after('a', 300), after('a', 100)], taint('a')), 40, 'the least counts')
  assert.is(stay([after('a', 300), after('a')], taint('a')), 240, 'a time counts more than none')
  assert.is(stay([after('a', 300), after('b', 90)], taint('a'), taint('b')), 30)
  assert.is(stay([after('a', 300)], taint('a'), taint('b')), 0, 'one that is not tolerated is enough')
  assert.is(stay([after('a', -5)], taint('a')), -60)
})

test('a Pod that comes after the taint has its time from then', () => {
  const pod = makePod('a', { tolerations: [{ operator: 'Exists', tolerationSeconds: 100 }] })
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: '2024-01-01T00:59:50Z' }
  const late = { ...pod, status: { conditions: [scheduled] } }
  assert.equal(stayOf(late, [taint('a')], now), { state: 'leaves', at: now + 90_000 })
})

test('Pods leave when a user taints a node, at once or in time, unless the taint goes', async (t) => {
  const cluster = await plane(t)
  const put = async (taints: Taint[]) => {
    await cluster.client.patch(nodes, '', 'one', 'merge', { spec: { taints } })
    await cluster.quiet()
  }
  await cluster.client.create(nodes, makeNode('one'))
  await cluster.run('never', 'one', { tolerations: [{ key: 'own', operator: 'Exists' }] })
  await cluster.run('soon', 'one', {
    tolerations: [{ key: 'own', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 }],
  })
  await cluster.run('now', 'one')
  const added = { key: 'own', effect: 'NoExecute' as const }
  await put([added])
  assert.equal(await cluster.pods(), ['never', 'soon'])
  await cluster.live(10_000, 'one')
  await put([])
  await cluster.live(30_000, 'one')
  assert.equal(await cluster.pods(), ['never', 'soon'])
  await put([added])
  await cluster.live(30_000, 'one')
  assert.equal(await cluster.pods(), ['never'])
})

test('a Pod that is bound to a tainted node leaves too', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(nodes, makeNode('one', 'True', { spec: { taints: [{ key: 'own', effect: 'NoExecute' }] } }))
  await cluster.quiet()
  await cluster.run('web', 'one')
  await cluster.quiet()
  assert.equal(await cluster.pods(), [])
})

test('conditions are written once', () => {
  const conditions = lostConditions(makeNode('a'), now) ?? []
  assert.is(conditions.length, 4)
  assert.is(lostConditions(makeNode('a', 'True', { status: { conditions } }), now), undefined)
  assert.is(unreadyConditions(makePod('a'), now), undefined)
})

test('taints of others are left alone', () => {
  const node = makeNode('a', 'True', { spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } })
  assert.is(taintsWith(node, [], now), undefined)
  const wanted = [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }]
  assert.equal(
    taintsWith(node, wanted, now)?.map(({ key }) => key),
    ['x', 'node.kubernetes.io/not-ready'],
  )
})

test('turns come at a steady rate', async () => {
  const clock = createVirtualClock()
  const pace = new Pace(clock, 0.1)
  assert.equal(
    ['a', 'b', 'c', 'b'].map((name) => pace.wait(name)),
    [0, 10_000, 20_000, 10_000],
  )
  await clock.advance(10_000)
  assert.equal(
    ['b', 'c'].map((name) => pace.wait(name)),
    [0, 10_000],
  )
  for (const name of ['a', 'b', 'c']) pace.leave(name)
  assert.is(pace.wait('d'), 10_000, 'an interval after the last turn that was taken')
})
