import { type RolloutStrategy, rolloutStrategyAnnotation } from '@davit/core/controller'
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { copiedAnnotations, desiredReplicasAnnotation, maxReplicasAnnotation, revisionAnnotation } from './annotations.js'
import { currentAnnotations, newReplicaSet } from './new-set.js'
import { planDeployment } from './plan.js'
import { recreate } from './recreate.js'
import { rollingUpdate } from './rolling.js'
import { rolloutSet, sortSets } from './sets.js'
import { hashLabel, templateHash } from './template-hash.js'
import { deployment, now, replicaSet, template, time } from './testing.js'

const fixed = (name: string, answer: object): RolloutStrategy => ({ name, step: () => answer })
const plan = (
  target: Deployment,
  sets: readonly ReplicaSet[],
  strategies: readonly RolloutStrategy[] = [recreate, rollingUpdate],
) => {
  const sorted = sortSets(target, sets)
  const view = (set: ReplicaSet) => rolloutSet(set, [])
  return planDeployment({
    deployment: target,
    sets: sorted,
    next: sorted.next && view(sorted.next),
    olds: sorted.olds.map(view),
    strategies,
    now,
  })
}
const annotated = (name: string) => deployment(3, { metadata: { annotations: { [rolloutStrategyAnnotation]: name } } })

test('paused: sizes alone', () => {
  const planned = plan(deployment(5, { spec: { paused: true } }), [replicaSet('old', 3)])
  assert.equal(planned, { mode: 'scale', sizes: new Map([['old', 5]]) })
})

test('another size of the Deployment: sizes first, the roll-out later', () => {
  const planned = plan(deployment(5), [replicaSet('old', 3, { desired: 3 })])
  assert.equal(planned, { mode: 'scale', sizes: new Map([['old', 5]]) })
})

test('several in use that nothing shares out are left to the strategy', () => {
  const target = deployment(5, { spec: { strategy: { type: 'Recreate' } } })
  const planned = plan(target, [replicaSet('a', 2, { desired: 4 }), replicaSet('b', 2, { desired: 4 })])
  assert.equal(planned.mode === 'roll-out' && [...planned.sizes], [
    ['a', 0],
    ['b', 0],
  ])
})

test('the strategy is that of the spec, or of the annotation', () => {
  const named = (target: Deployment) => plan(target, [], [recreate, rollingUpdate, fixed('Canary', { next: 1 })])
  const strategyOf = (target: Deployment) => {
    const planned = named(target)
    return planned.mode === 'roll-out' ? [planned.strategy, planned.next] : planned.mode
  }
  assert.equal(strategyOf(deployment(3)), ['RollingUpdate', 3])
  assert.equal(strategyOf(deployment(3, { spec: { strategy: { type: 'Recreate' } } })), ['Recreate', 3])
  assert.equal(strategyOf(annotated('Canary')), ['Canary', 1])
  assert.equal(named(annotated('Nobody')), { mode: 'stuck', strategy: 'Nobody' })
})

test('a strategy that asks for nonsense is refused', () => {
  for (const answer of [{ next: -1 }, { next: 1.5 }, { olds: { old: Number.NaN } }]) {
    assert.fails(
      () => plan(annotated('Odd'), [replicaSet('old', 3)], [fixed('Odd', answer)]),
      'the roll-out strategy "Odd" asked for',
    )
  }
})

test('the ReplicaSet of the present template is the oldest with an equal one', () => {
  const target = deployment(3)
  const sets = [
    replicaSet('newer', 1, { image: 'web:1', age: 10 }),
    replicaSet('older', 1, { image: 'web:1', age: 20 }),
    replicaSet('other', 1, { image: 'web:0', age: 99 }),
  ]
  const { next, olds } = sortSets(target, sets)
  assert.is(next?.metadata.name, 'older')
  assert.equal(
    olds.map(({ metadata }) => metadata.name),
    ['other', 'newer'],
  )
  assert.is(sortSets(target, [sets[2] as ReplicaSet]).next, undefined)
})

test('ReplicaSets of the same second are told apart by name', () => {
  const made = { metadata: { creationTimestamp: time(5) }, image: 'web:1' }
  assert.is(sortSets(deployment(1), [replicaSet('b', 1, made), replicaSet('a', 1, made)]).next?.metadata.name, 'a')
})

test('Pods that still use a node are counted, whatever the status says', () => {
  const pod = (phase: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: phase },
    spec: { containers: [] },
    status: { phase },
  })
  const view = rolloutSet(replicaSet('a', 0), ['Running', 'Pending', 'Unknown', 'Succeeded', 'Failed'].map(pod))
  assert.equal([view.size, view.pods, view.unfinished], [0, 0, 3])
})

test('a new ReplicaSet is made of the Deployment', () => {
  const metadata = {
    annotations: { team: 'a', 'kubectl.kubernetes.io/last-applied-configuration': '{}', [revisionAnnotation]: '7' },
  }
  const target = deployment(4, { metadata, spec: { minReadySeconds: 5 } })
  const made = newReplicaSet(target, 2, 8n)
  const hash = templateHash(target.spec.template)
  assert.equal(made.metadata, {
    name: `web-${hash}`,
    namespace: 'default',
    labels: { app: 'web', [hashLabel]: hash },
    annotations: { team: 'a', [desiredReplicasAnnotation]: '4', [maxReplicasAnnotation]: '5', [revisionAnnotation]: '8' },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'deployment', controller: true, blockOwnerDeletion: true },
    ],
  })
  assert.equal([made.spec.replicas, made.spec.minReadySeconds], [2, 5])
  assert.equal(made.spec.selector, { matchLabels: { app: 'web', [hashLabel]: hash } })
  assert.equal(made.spec.template, template('web:1', { [hashLabel]: hash }))
  assert.equal(target.spec.template, template('web:1'), 'the Deployment itself stays as it is')
})

test('a collision gives the ReplicaSet another name', () => {
  const first = newReplicaSet(deployment(1), 1, 1n)
  const second = newReplicaSet(deployment(1, { status: { collisionCount: 1 } }), 1, 1n)
  assert.is.not(first.metadata.name, second.metadata.name)
})

test('annotations that a user sets are kept up to date on the ReplicaSet, its own are not touched', () => {
  const target = deployment(1, { metadata: { annotations: { 'kubernetes.io/change-cause': 'b', [revisionAnnotation]: '1' } } })
  assert.equal(copiedAnnotations(target.metadata.annotations), { 'kubernetes.io/change-cause': 'b' })
  const set = replicaSet('a', 1, { revision: '3' })
  assert.equal(currentAnnotations(target, set, 3n), { 'kubernetes.io/change-cause': 'b' })
  assert.equal(currentAnnotations(target, set, 4n)[revisionAnnotation], '4')
})
