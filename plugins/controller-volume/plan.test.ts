import { provisionedByAnnotation } from '@davit/core/controller'
import {
  bindCompleted,
  boundByController,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  selectedNode,
} from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { type ClaimPlan, planClaim } from './claim-plan.js'
import { claim, storageClass, volume } from './testing.js'
import { planReclaim, planVolume } from './volume-plan.js'

const test = suite('volume plans')

const uid = { uid: 'u1' }
const mine = { namespace: 'default', name: 'data' }
const available = (made: PersistentVolume): PersistentVolume => ({ ...made, status: { phase: 'Available' } })

interface Given {
  readonly volumes?: readonly PersistentVolume[]
  readonly storageClass?: StorageClass
  readonly defaultClass?: string
  readonly pod?: string
}
function planOf(of: PersistentVolumeClaim, { volumes = [], storageClass: named, defaultClass, pod }: Given = {}): ClaimPlan {
  return planClaim({
    claim: of,
    candidates: () => volumes,
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    storageClass: named,
    defaultClass: () => defaultClass,
    waitingPod: () => pod,
  })
}
/** "bind v", "provision", "Pending WaitForFirstConsumer": a plan in a word. */
function word(plan: ClaimPlan): string {
  if (plan.act === 'bind') return `bind ${plan.volume.metadata.name}`
  if (plan.act === 'classify') return `classify ${plan.storageClass}`
  return plan.act === 'phase' ? [plan.phase, plan.notice?.reason].filter(Boolean).join(' ') : plan.act
}

const later = storageClass('later', { volumeBindingMode: 'WaitForFirstConsumer' })
const inClass = (name: string, annotations = {}) => claim('data', { storageClassName: name }, { ...uid, annotations })
const bound = (volumeName?: string) =>
  claim('data', volumeName === undefined ? {} : { volumeName }, { ...uid, annotations: { [bindCompleted]: 'yes' } })
const asking = (annotations = {}) => claim('data', { volumeName: 'v' }, { ...uid, annotations })
const going = { deletionTimestamp: '2024-01-01T00:00:00Z' }

const cases: readonly [string, string, PersistentVolumeClaim, Given?][] = [
  ['finds nothing', 'Pending FailedBinding', claim('data', {}, uid)],
  ['takes what fits', 'bind v', claim('data', {}, uid), { volumes: [available(volume('v'))] }],
  ['takes what is set aside', 'bind v', claim('data', {}, uid), { volumes: [volume('v', '2Gi', { claimRef: mine })] }],
  ['gets the default class', 'classify std', claim('data', {}, uid), { defaultClass: 'std' }],
  ['wants no class', 'Pending FailedBinding', inClass(''), { defaultClass: 'std' }],
  [
    'takes what fits before a class',
    'bind v',
    claim('data', {}, uid),
    { volumes: [available(volume('v'))], defaultClass: 'std' },
  ],
  ['has a class', 'provision', inClass('fast'), { storageClass: storageClass('fast') }],
  ['has a class that is not there', 'provision', inClass('fast')],
  ['waits for a Pod', 'Pending WaitForFirstConsumer', inClass('later'), { storageClass: later }],
  ['waits for its Pod to be placed', 'Pending WaitForPodScheduled', inClass('later'), { storageClass: later, pod: 'web' }],
  [
    'takes nothing before its Pod is placed',
    'Pending WaitForFirstConsumer',
    inClass('later'),
    { storageClass: later, volumes: [available(volume('v', '1Gi', { storageClassName: 'later' }))] },
  ],
  ['has a node', 'provision', inClass('later', { [selectedNode]: 'one' }), { storageClass: later }],
  [
    'was given a volume with its node',
    'bind v',
    inClass('later'),
    { storageClass: later, volumes: [volume('v', '1Gi', { storageClassName: 'later', claimRef: { ...mine, ...uid } })] },
  ],
  ['goes', 'nothing', claim('data', {}, { ...uid, ...going }), { volumes: [available(volume('v'))] }],
  ['asks for one that is not there', 'Pending', asking()],
  ['asks for one that is free', 'bind v', asking(), { volumes: [volume('v')] }],
  ['asks for one that is too small', 'Pending VolumeMismatch', asking(), { volumes: [volume('v', '1Mi')] }],
  ['asks for its own', 'bind v', asking(), { volumes: [volume('v', '1Mi', { claimRef: mine })] }],
  [
    "asks for another's",
    'Pending FailedBinding',
    asking(),
    { volumes: [volume('v', '1Gi', { claimRef: { namespace: 'default', name: 'other', uid: 'u2' } })] },
  ],
  [
    'came too late',
    'Pending',
    asking({ [boundByController]: 'yes' }),
    { volumes: [volume('v', '1Gi', { claimRef: { ...mine, uid: 'u0' } })] },
  ],
  ['is bound', 'bind v', bound('v'), { volumes: [volume('v', '1Gi', { claimRef: { ...mine, ...uid } })] }],
  ['is bound to one that was freed', 'bind v', bound('v'), { volumes: [volume('v')] }],
  ['is bound to nothing', 'Lost ClaimLost', bound()],
  ['is bound to what is gone', 'Lost ClaimLost', bound('v')],
  [
    "is bound to another's",
    'Lost ClaimMisbound',
    bound('v'),
    { volumes: [volume('v', '1Gi', { claimRef: { ...mine, uid: 'u2' } })] },
  ],
]
for (const [what, expected, of, given] of cases) {
  test(`a claim that ${what}: ${expected}`, () => assert.is(word(planOf(of, given)), expected))
}

const ref = { ...mine, ...uid }
const madeBy = { annotations: { [provisionedByAnnotation]: 'p' } }
const volumeCases: readonly [string, string, PersistentVolume, PersistentVolumeClaim?][] = [
  ['is nobody’s', 'Available', volume('v')],
  ['is set aside', 'Available', volume('v', '1Gi', { claimRef: mine }), claim('data', {}, uid)],
  ['waits for its claim', 'wakeClaim', volume('v', '1Gi', { claimRef: ref }), claim('data', {}, uid)],
  ['is another mode', 'tell', volume('v', '1Gi', { claimRef: ref }), claim('data', { volumeMode: 'Block' }, uid)],
  ['is bound', 'Bound', volume('v', '1Gi', { claimRef: ref }), claim('data', { volumeName: 'v' }, uid)],
  ['has lost its claim', 'release', volume('v', '1Gi', { claimRef: ref })],
  ['was set aside in vain', 'unbind name', volume('v', '1Gi', { claimRef: ref }), claim('data', { volumeName: 'w' }, uid)],
  [
    'was chosen in vain',
    'unbind nothing',
    volume('v', '1Gi', { claimRef: ref }, { annotations: { [boundByController]: 'yes' } }),
    claim('data', { volumeName: 'w' }, uid),
  ],
  [
    'was made in vain',
    'release',
    volume('v', '1Gi', { claimRef: ref, persistentVolumeReclaimPolicy: 'Delete' }, madeBy),
    claim('data', { volumeName: 'w' }, uid),
  ],
]
for (const [what, expected, of, its] of volumeCases) {
  test(`a volume that ${what}: ${expected}`, () => {
    const plan = planVolume(of, its)
    const found = plan.act === 'phase' ? plan.phase : plan.act === 'unbind' ? `${plan.act} ${plan.keep}` : plan.act
    assert.is(found, expected)
  })
}

test('what becomes of a released volume', () => {
  const policy = (persistentVolumeReclaimPolicy: string, metadata = {}) =>
    planReclaim(volume('v', '1Gi', { persistentVolumeReclaimPolicy }, metadata))
  assert.equal(policy('Retain', madeBy), { act: 'keep' })
  assert.equal(policy('Delete', madeBy), { act: 'remove', provisioner: 'p' })
  const orphan = policy('Delete')
  assert.match(orphan.act === 'fail' ? orphan.notice.message : '', 'no deletable volume plugin matched')
  const recycled = policy('Recycle', madeBy)
  assert.match(recycled.act === 'fail' ? recycled.notice.message : '', 'No recycler plugin found')
})
