/**
 * The conformance kit for provisioners of volumes. In a plugin's `conformance.test.ts`:
 *
 * ```ts
 * provisionerKit('disk', () => ({ provisioner: createProvisioner(), storageClass: { parameters: { size: 'small' } } }))
 * ```
 *
 * The factory is called for each test. What it answers besides the provisioner is put into the questions: a provisioner that
 * wants parameters, a node or other access modes says so here.
 */
import { persistentVolumes } from '../../client/contract.js'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  StorageClass,
} from '../../kinds/contract.js'
import { compareQuantities, qualifiedName } from '../../kinds/contract.js'
import { assert, boot, suite } from '../../testing/contract.js'
import type { ProvisionedVolume, ProvisionRefusal, ProvisionRequest, VolumeProvisioner } from '../contract.js'
import { provisionedByAnnotation } from '../contract.js'

export interface ProvisionerSubject {
  readonly provisioner: VolumeProvisioner
  readonly claim?: Partial<PersistentVolumeClaimSpec>
  readonly storageClass?: Partial<StorageClass>
  /** That of the Pod, for those that need one. */
  readonly node?: Node
  /** Claims that it has to refuse, by what is wrong with them. */
  readonly refused?: Readonly<Record<string, Partial<PersistentVolumeClaimSpec>>>
  /** Undoes what the factory did; called after each test. */
  close?(): Promise<void>
}

type Ask = (volume: string, spec?: Partial<PersistentVolumeClaimSpec>) => ProvisionRequest
interface Bench {
  readonly provisioner: VolumeProvisioner
  readonly ask: Ask
  readonly refused: Readonly<Record<string, Partial<PersistentVolumeClaimSpec>>>
  /** Made, or the test fails. */
  make(request: ProvisionRequest): Promise<ProvisionedVolume>
}

const { signal } = new AbortController()
const size = '3Gi'

export function provisionerKit(name: string, factory: () => ProvisionerSubject | Promise<ProvisionerSubject>): void {
  const test = suite(`provisioner ${name}`)
  for (const [what, run] of cases) {
    test(what, async (t) => {
      const subject = await factory()
      t.defer(() => subject.close?.())
      await run(benchOf(subject))
    })
  }
}

function benchOf({ provisioner, claim: more, storageClass, node, refused = {} }: ProvisionerSubject): Bench {
  const ask: Ask = (volume, spec) =>
    frozen({
      name: volume,
      claim: claimOf(volume, { ...more, ...spec }),
      storageClass: {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'kit' },
        provisioner: provisioner.name,
        ...storageClass,
      },
      ...(node && { node }),
    })
  const make = async (request: ProvisionRequest) => madeOf(await provisioner.provision(request, signal))
  return { provisioner, ask, make, refused }
}

const cases: readonly (readonly [string, (bench: Bench) => Promise<void> | void])[] = [
  [
    'has a name that a StorageClass may state',
    ({ provisioner: { name } }) => assert.is(qualifiedName(name.toLowerCase()), undefined, `"${name}" is no provisioner's name`),
  ],
  [
    'what it makes is a PersistentVolume that the API takes, at least as large as asked for',
    async ({ provisioner, ask, make }) => {
      const request = ask('pvc-kit-1')
      const volume = volumeOf(request, await make(request), provisioner.name)
      assert.ok(compareQuantities(sizeOf(volume), size) >= 0, `it is of ${sizeOf(volume)}`)
      const plane = await boot()
      try {
        const stored = await plane.client.create(persistentVolumes, volume)
        assert.is(stored.metadata.name, 'pvc-kit-1')
      } finally {
        await plane.stop()
      }
      await provisioner.remove(volume, signal)
    },
  ],
  [
    'the same question has the same answer, also twice at once; another volume is another one',
    async ({ provisioner, ask, make }) => {
      const [one, two] = [ask('pvc-kit-1'), ask('pvc-kit-2')]
      const [first, again, other] = await Promise.all([make(one), make(one), make(two)])
      assert.equal(again, first)
      assert.equal(await make(one), first)
      assert.not.equal(sourceOf(other), sourceOf(first), 'two volumes lie in one place')
      for (const [request, made] of [
        [one, first],
        [two, other],
      ] as const) {
        await provisioner.remove(volumeOf(request, made, provisioner.name), signal)
      }
    },
  ],
  [
    'what it cannot make it refuses, in a line for users',
    async ({ provisioner, ask, refused }) => {
      for (const [what, spec] of Object.entries(refused)) {
        const answer = await provisioner.provision(ask('pvc-kit-1', spec), signal)
        if (!('refused' in answer)) assert.unreachable(`${what} was not refused`)
        else checkText(answer)
      }
    },
  ],
  [
    'a volume is given back once, twice, and without having been there',
    async ({ provisioner, ask, make }) => {
      const request = ask('pvc-kit-1')
      const volume = volumeOf(request, await make(request), provisioner.name)
      for (let turn = 0; turn < 3; turn += 1) assert.is(await provisioner.remove(volume, signal), undefined)
      const never = { ...volume, metadata: { ...volume.metadata, name: 'pvc-kit-never' } }
      const answer = await provisioner.remove(frozen(never), signal)
      if (answer) checkText(answer)
    },
  ],
  [
    'a volume grows at least as far as it is asked to, is not made smaller, and may be asked again',
    async ({ provisioner, ask, make }) => {
      if (!provisioner.expand) return
      const request = ask('pvc-kit-1')
      const volume = volumeOf(request, await make(request), provisioner.name)
      for (const wanted of ['9Gi', '9Gi']) {
        const answer = await provisioner.expand(volume, wanted, signal)
        if ('refused' in answer) checkText(answer)
        else assert.ok(compareQuantities(answer.size, wanted) >= 0, `it is of ${answer.size}, and ${wanted} were asked for`)
      }
      await provisioner.remove(volume, signal)
    },
  ],
]

function claimOf(volume: string, spec: Partial<PersistentVolumeClaimSpec>): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `of-${volume}`, namespace: 'default', uid: `uid-${volume}` },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } }, storageClassName: 'kit', ...spec },
  }
}

/** As `controller-volume` writes it. */
function volumeOf({ name, claim }: ProvisionRequest, made: ProvisionedVolume, provisioner: string): PersistentVolume {
  const { accessModes, volumeMode } = claim.spec
  const { uid, namespace, name: claimName } = claim.metadata
  return frozen({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { ...made.annotations, [provisionedByAnnotation]: provisioner },
      ...(made.labels && { labels: { ...made.labels } }),
      ...(made.finalizers && { finalizers: [...made.finalizers] }),
    },
    spec: {
      accessModes,
      ...(volumeMode !== undefined && { volumeMode }),
      ...made.spec,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', uid, namespace, name: claimName },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'kit',
    },
  })
}

function madeOf(answer: ProvisionedVolume | ProvisionRefusal): ProvisionedVolume {
  if ('refused' in answer) assert.unreachable(`it refused: ${answer.refused}`)
  return answer as ProvisionedVolume
}

function sizeOf({ spec }: PersistentVolume): string {
  return spec.capacity?.storage ?? '0'
}

function sourceOf({ spec }: ProvisionedVolume): object {
  const { capacity: _capacity, nodeAffinity: _affinity, ...source } = spec
  return source
}

function checkText({ refused }: ProvisionRefusal): void {
  assert.ok(refused.trim() === refused && refused !== '' && !refused.includes('\n'), `a refusal is "${refused}"`)
}

/** What a provisioner is given belongs to others. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) frozen(child)
  return Object.freeze(value)
}
