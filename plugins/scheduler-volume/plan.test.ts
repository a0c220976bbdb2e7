import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { type Storage, type Wanted, wantedBy } from './claims.js'
import { type Promises, planNode } from './node-plan.js'
import { Ledger } from './promises.js'
import { boundTo, claim, completed, node, pod, storageClass, volume } from './testing.js'

const test = suite('volume policies')

interface World {
  readonly claims?: readonly PersistentVolumeClaim[]
  readonly volumes?: readonly PersistentVolume[]
  readonly classes?: readonly StorageClass[]
}
function storage({ claims = [], volumes = [], classes = [storageClass('later')] }: World): Storage {
  return {
    claim: (_namespace, name) => claims.find(({ metadata }) => metadata.name === name),
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    candidates: () => volumes,
  }
}
function asked(of: Pod, world: World): string {
  const wanted = wantedBy(of, storage(world))
  if (!wanted) return 'nothing'
  return 'rejection' in wanted ? wanted.rejection.reason : `${wanted.bound.length} bound, ${wanted.open.length} open`
}

const web = pod('web', 'data')
const ephemeral: Pod = { ...web, spec: { ...web.spec, volumes: [{ name: 'v', ephemeral: {} }] } }
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-web', controller: true }
const cases: readonly [string, Pod, World, string][] = [
  ['no claims', pod('web'), {}, 'nothing'],
  ['no such claim', web, {}, 'persistentvolumeclaim "data" not found'],
  ['a bound claim', web, { claims: [claim('data', boundTo('v'), completed)] }, '1 bound, 0 open'],
  ['a claim that waits for it', web, { claims: [claim('data')] }, '0 bound, 1 open'],
  [
    'a claim that goes',
    web,
    { claims: [claim('data', {}, { deletionTimestamp: '2024-01-01T00:00:00Z' })] },
    'persistentvolumeclaim "data" is being deleted',
  ],
  [
    'a lost claim',
    web,
    { claims: [{ ...claim('data', boundTo('v')), status: { phase: 'Lost' } }] },
    'persistentvolumeclaim "data" bound to non-existent persistentvolume "v"',
  ],
  [
    'an unbound claim',
    web,
    { claims: [claim('data')], classes: [storageClass('later', { volumeBindingMode: 'Immediate' })] },
    'pod has unbound immediate PersistentVolumeClaims',
  ],
  [
    'a claim without a class',
    web,
    { claims: [claim('data', { storageClassName: '' })] },
    'pod has unbound immediate PersistentVolumeClaims',
  ],
  ['a claim half-way', web, { claims: [claim('data', boundTo('v'))] }, 'pod has unbound immediate PersistentVolumeClaims'],
  [
    'an ephemeral volume without its claim',
    ephemeral,
    {},
    'waiting for ephemeral volume controller to create the persistentvolumeclaim "web-v"',
  ],
  [
    "an ephemeral volume with another's claim",
    ephemeral,
    { claims: [claim('web-v')] },
    'PVC default/web-v was not created for this pod (pod is not owner)',
  ],
  ['an ephemeral volume', ephemeral, { claims: [claim('web-v', {}, { ownerReferences: [owner] })] }, '0 bound, 1 open'],
]
for (const [what, of, world, expected] of cases) test(`a Pod with ${what}`, () => assert.is(asked(of, world), expected))

const nobody: Promises = { of: () => undefined, volumes: new Set() }
function onNode(name: string, world: World, promises = nobody, of = web): string {
  const wanted = wantedBy(of, storage(world))
  if (!wanted || 'rejection' in wanted) return 'not asked'
  const plan = planNode(wanted as Wanted, node(name), promises)
  if ('rejection' in plan) return plan.rejection.reason
  return plan.decisions
    .map(({ claim: { metadata }, volume: own }) => `${metadata.name}: ${own?.metadata.name ?? 'made'}`)
    .join(', ')
}

test('a bound volume must be reached from the node', () => {
  const claims = [claim('data', boundTo('v'), completed)]
  assert.is(onNode('one', { claims, volumes: [volume('v', 'one')] }), '')
  assert.is(onNode('two', { claims, volumes: [volume('v', 'one')] }), 'node(s) had volume node affinity conflict')
  assert.is(onNode('two', { claims, volumes: [volume('v')] }), '')
  assert.is(onNode('one', { claims }), 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)')
})

test('an open claim takes what is there before one is made', () => {
  const claims = [claim('data')]
  const volumes = [volume('a', 'one')]
  assert.is(onNode('one', { claims, volumes }), 'data: a')
  assert.is(onNode('two', { claims, volumes }), 'data: made')
  const classes = [storageClass('later', { provisioner: 'kubernetes.io/no-provisioner' })]
  assert.is(onNode('two', { claims, volumes, classes }), "node(s) didn't find available persistent volumes to bind")
})

test('two claims of one Pod do not take the same, and the smaller chooses first', () => {
  const claims = [claim('data'), claim('small', { resources: { requests: { storage: '1Mi' } } })]
  const volumes = [volume('a', 'one'), volume('b', 'one', { capacity: { storage: '2Gi' } })]
  assert.is(onNode('one', { claims, volumes }, nobody, pod('web', 'data', 'small')), 'small: a, data: b')
  assert.is(onNode('one', { claims, volumes: [volume('a', 'one')] }, nobody, pod('web', 'data', 'small')), 'small: a, data: made')
})

test('topologies of the class say where volumes can be made', () => {
  const term = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'host', values }] })
  const classes = [storageClass('later', { allowedTopologies: [term('one'), term('three')] })]
  const claims = [claim('data')]
  assert.equal(
    ['one', 'two', 'three'].map((name) => onNode(name, { claims, classes })),
    ['data: made', "node(s) didn't find available persistent volumes to bind", 'data: made'],
  )
})

test('a claim that names its node goes nowhere else', () => {
  const claims = [claim('data', {}, { annotations: { 'volume.kubernetes.io/selected-node': 'one' } })]
  assert.is(onNode('one', { claims, volumes: [volume('a', 'one')] }), 'data: made', 'one is being made for it')
  assert.is(onNode('two', { claims }), "node(s) didn't find available persistent volumes to bind")
})

test('a volume that is set aside for the claim is the only one', () => {
  const claims = [claim('data')]
  const volumes = [volume('a', 'one', { claimRef: { namespace: 'default', name: 'data' } })]
  assert.is(onNode('one', { claims, volumes }), 'data: a')
  assert.is(onNode('two', { claims, volumes }), "node(s) didn't find available persistent volumes to bind")
})

test('what is promised is taken, and who shares the claim goes the same way', () => {
  const ledger = new Ledger()
  const [mine, other] = [claim('data', {}, { uid: 'c1' }), claim('other', {}, { uid: 'c2' })]
  const volumes = [volume('a', 'one')]
  ledger.promise('default/web', 'one', [{ claim: mine, volume: volumes[0] as PersistentVolume }])
  ledger.promise('default/second', 'one', [{ claim: mine, volume: volumes[0] as PersistentVolume }])
  assert.is(onNode('one', { claims: [other], volumes }, ledger, pod('web', 'other')), 'other: made')
  assert.is(onNode('one', { claims: [mine], volumes }, ledger), 'data: a')
  assert.is(onNode('two', { claims: [mine], volumes }, ledger), "node(s) didn't find available persistent volumes to bind")
  ledger.release('default/web')
  ledger.release('default/web')
  assert.is(onNode('two', { claims: [mine], volumes }, ledger), "node(s) didn't find available persistent volumes to bind")
  ledger.release('default/second')
  assert.is(onNode('two', { claims: [mine], volumes }, ledger), 'data: made')
  assert.is(ledger.volumes.size, 0)
})
