/** What every driver of PersistentVolumes has to do on a node. */
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../kinds/contract.js'
import { qualifiedName } from '../../kinds/contract.js'
import { assert, suite, type TestContext } from '../../testing/contract.js'
import type { PersistentVolumeDriver, PersistentVolumeRequest, VolumePlace } from '../contract.js'

export interface PersistentVolumeSubject {
  readonly driver: PersistentVolumeDriver
  /** One that the driver serves at the place, as its provisioner or a user writes it. */
  volume(name: string, place: VolumePlace): PersistentVolume
  /** Some that it does not serve, besides those that are of no kind at all. */
  readonly others?: readonly PersistentVolume[]
}

interface Bench {
  readonly subject: PersistentVolumeSubject
  readonly place: VolumePlace
  /** As the agent calls it: `pod` names the Pod. */
  request(pod: string, volume: PersistentVolume): PersistentVolumeRequest
  /** Where it is on the host; the test fails where the driver waits. */
  mount(request: PersistentVolumeRequest): Promise<string>
}

/** The conformance kit for drivers of PersistentVolumes. The factory is called for each test. */
export function persistentVolumeKit(name: string, factory: () => PersistentVolumeSubject): void {
  const test = suite(`persistent volumes ${name}`)
  for (const [what, run] of cases) test(what, async (t) => run(await benchOf(t, factory())))
}

async function benchOf(t: TestContext, subject: PersistentVolumeSubject): Promise<Bench> {
  const root = await t.directory()
  const place: VolumePlace = { nodeName: 'kit', directory: join(root, 'volumes'), node: () => undefined }
  const read = {
    configMap: async () => undefined,
    secret: async () => undefined,
    persistentVolumeClaim: async () => undefined,
    persistentVolume: async () => undefined,
  }
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: {},
  }
  return {
    subject,
    place,
    request(name, persistentVolume) {
      const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers: [] } }
      const volume = { name: 'v', persistentVolumeClaim: { claimName: 'data' } }
      return { pod, volume, claim, persistentVolume, read, place, directory: join(root, name) }
    },
    async mount(request) {
      const answer = await subject.driver.mount(request)
      if ('wait' in answer) assert.unreachable(`it waits: ${answer.wait}`)
      return 'path' in answer ? answer.path : ''
    },
  }
}

const cases: readonly (readonly [string, (bench: Bench) => Promise<void> | void])[] = [
  [
    'serves its own volumes and no others',
    ({ subject: { driver, volume, others = [] }, place }) => {
      const own = volume('pvc-kit', place)
      assert.ok(driver.serves(own))
      const { capacity, accessModes } = own.spec
      assert.not(driver.serves({ ...own, metadata: { name: 'pvc-kit' }, spec: { capacity, accessModes } }), 'of no kind')
      for (const other of others) assert.not(driver.serves(other), other.metadata.name)
    },
  ],
  [
    'a volume is one directory, for each Pod and at each look, and what is in it stays',
    async ({ subject, place, request, mount }) => {
      const volume = subject.volume('pvc-kit', place)
      const [first, second] = [request('first', volume), request('second', volume)]
      const path = await mount(first)
      assert.ok((await stat(path)).isDirectory())
      await writeFile(join(path, 'kept'), 'x')
      for (const again of [first, second]) assert.ok((await stat(join(await mount(again), 'kept'))).isFile())
      await subject.driver.unmount?.(first)
      await subject.driver.unmount?.(second)
      assert.ok((await stat(join(await mount(first), 'kept'))).isFile(), 'a Pod that ends takes nothing along')
    },
  ],
  [
    'two volumes do not share what is in them',
    async ({ subject, place, request, mount }) => {
      const [one, two] = [subject.volume('pvc-kit-1', place), subject.volume('pvc-kit-2', place)]
      const [first, second] = [await mount(request('web', one)), await mount(request('db', two))]
      await writeFile(join(first, 'mine'), 'x')
      await assert.rejects(stat(join(second, 'mine')), { code: 'ENOENT' })
    },
  ],
  [
    'what is undone twice, or was never done, is no error',
    async ({ subject, place, request, mount }) => {
      const asked = request('web', subject.volume('pvc-kit', place))
      await subject.driver.unmount?.(asked)
      await mount(asked)
      for (let turn = 0; turn < 2; turn += 1) await subject.driver.unmount?.(asked)
    },
  ],
  [
    'what is removed is gone, may be removed again, and leaves its neighbour alone',
    async ({ subject: { driver, volume }, place, request, mount }) => {
      if (!driver.removal) return
      const { finalizer, removal } = { finalizer: driver.removal.finalizer, removal: driver.removal }
      assert.is(qualifiedName(finalizer), undefined, `"${finalizer}" is no finalizer`)
      assert.ok(finalizer.includes('/'), `the finalizer "${finalizer}" says not whose it is`)
      const [going, staying] = [volume('pvc-kit-1', place), volume('pvc-kit-2', place)]
      const [path, other] = [await mount(request('web', going)), await mount(request('db', staying))]
      await writeFile(join(path, 'data'), 'x')
      await writeFile(join(other, 'data'), 'x')
      for (let turn = 0; turn < 2; turn += 1) await removal.remove(going, place)
      await assert.rejects(stat(join(path, 'data')), { code: 'ENOENT' })
      assert.ok((await stat(join(other, 'data'))).isFile())
      await removal.remove(volume('pvc-kit-never', place), place)
    },
  ],
]
