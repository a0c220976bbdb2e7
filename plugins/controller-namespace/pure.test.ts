import { createRegistry } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { namespaceConditions } from './conditions.js'
import { contentKinds, finalizersMessage, remainingMessage } from './contents.js'

const kinds = createRegistry()
const pods = kinds.resource('', 'v1', 'pods')
const deployments = kinds.resource('apps', 'v1', 'deployments')
const object = (name: string, finalizers: string[] = []) => ({ apiVersion: 'v1', kind: 'X', metadata: { name, finalizers } })

test('contents: Pods first, every stored kind once, nothing beyond namespaces, no reviews', () => {
  const found = contentKinds(kinds)
  assert.is(found[0]?.resource, 'pods')
  const names = found.map((kind) => `${kind.group}/${kind.resource}`)
  assert.is(new Set(names).size, names.length)
  for (const wanted of ['/configmaps', '/secrets', 'apps/deployments', 'batch/jobs', 'discovery.k8s.io/endpointslices'])
    assert.ok(names.includes(wanted), wanted)
  assert.ok(found.every((kind) => kind.namespaced && kind.stored))
  assert.not.ok(names.includes('/nodes'))
  assert.not.ok(names.includes('authorization.k8s.io/localsubjectaccessreviews'))
})

test('messages count by kind and by finalizer', () => {
  assert.ok(pods && deployments)
  const remainders = [
    { kind: pods, objects: [object('a', ['x.dev/hold']), object('b', ['x.dev/hold', 'y.dev/hold'])] },
    { kind: deployments, objects: [object('c')] },
  ]
  assert.is(
    remainingMessage(remainders),
    'Some resources are remaining: pods. has 2 resource instances, deployments.apps has 1 resource instances',
  )
  assert.match(finalizersMessage(remainders), 'x.dev/hold in 2 resource instances, y.dev/hold in 1 resource instances')
  assert.is(finalizersMessage([{ kind: deployments, objects: [object('c')] }]), '')
})

test('conditions: all fine, then remaining, and a condition that says nothing new is the same object', () => {
  assert.ok(pods)
  const fine = namespaceConditions([], [], '', '2024-01-01T00:00:00Z')
  assert.equal(
    fine.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
    ],
  )
  const later = namespaceConditions(
    fine,
    [{ kind: pods, objects: [object('a', ['x.dev/hold'])] }],
    'pods "a" is stubborn',
    '2024-01-01T00:00:09Z',
  )
  assert.is(later[0], fine[0])
  assert.is(later[2]?.reason, 'ContentDeletionFailed')
  assert.is(later[3]?.status, 'True')
  assert.is(later[3]?.lastTransitionTime, '2024-01-01T00:00:09Z')
  assert.is(later[4]?.reason, 'SomeFinalizersRemain')
})
