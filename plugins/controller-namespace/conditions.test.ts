import { assert, test } from '@davit/core/testing'
import { namespaceConditions } from './conditions.js'

const now = Date.parse('2024-01-01T00:00:00Z')

test('an empty namespace: all is fine, in the order and the words that clients know', () => {
  const conditions = namespaceConditions([], { remains: [{ resource: 'pods', count: 0, finalizers: [] }], failures: [] }, now)
  assert.equal(
    conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
    ],
  )
  assert.is(namespaceConditions(conditions ?? [], { remains: [], failures: [] }, now + 9000), undefined, 'written once')
})

test('what is left, what holds it, and what was refused', () => {
  const remains = [
    { resource: 'pods', count: 2, finalizers: ['a/b', 'a/b'] },
    { resource: 'deployments.apps', count: 1, finalizers: [] },
  ]
  const conditions = namespaceConditions([], { remains, failures: ['pods x: no'] }, now) ?? []
  const said = conditions.filter(({ status }) => status === 'True').map(({ reason, message }) => `${reason}: ${message}`)
  assert.equal(said, [
    'ContentDeletionFailed: Failed to delete all resource types, 1 remaining: pods x: no',
    'SomeResourcesRemain: Some resources are remaining: deployments.apps has 1 resource instances, pods has 2 resource instances',
    'SomeFinalizersRemain: Some content in the namespace has finalizers remaining: a/b in 2 resource instances',
  ])
})

test('times tell when a status turned, and foreign conditions stay', () => {
  const foreign = { type: 'Mine', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }
  const left = { remains: [{ resource: 'pods', count: 1, finalizers: [] }], failures: [] }
  const first = namespaceConditions([foreign], left, now) ?? []
  const second = namespaceConditions(first, { remains: [], failures: [] }, now + 5000) ?? []
  assert.equal(second[0], foreign)
  const timeOf = (type: string) => second.find((condition) => condition.type === type)?.lastTransitionTime
  assert.is(timeOf('NamespaceContentRemaining'), '2024-01-01T00:00:05Z')
  assert.is(timeOf('NamespaceFinalizersRemaining'), '2024-01-01T00:00:00Z')
})
