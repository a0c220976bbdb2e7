/** For this plugin's tests: claims, volumes and classes in a line each, and a provisioner that does as it is told. */
import { type Client, persistentVolumeClaims, persistentVolumes, storageClasses } from '@davit/core/client'
import { type ProvisionedVolume, type ProvisionRefusal, VolumeProvisionerToken } from '@davit/core/controller'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin } from '@davit/core/kernel'
import type { Event, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, StorageClass } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

type Metadata = Partial<PersistentVolume['metadata']>

export function claim(
  name: string,
  spec: Partial<PersistentVolumeClaimSpec> = {},
  metadata: Metadata = {},
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  }
}

export function volume(
  name: string,
  size = '1Gi',
  spec: Partial<PersistentVolume['spec']> = {},
  metadata: Metadata = {},
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, ...metadata },
    spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' }, ...spec },
  }
}

export function storageClass(name: string, more: Partial<StorageClass> = {}, metadata: Metadata = {}): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, ...metadata },
    provisioner: 'example.com/disk',
    ...more,
  }
}

export class FakeProvisioner {
  readonly name = 'example.com/disk'
  readonly calls: string[] = []
  /** What it says next; undefined: yes. */
  refusal: ProvisionRefusal | undefined
  /** What it throws instead. */
  failure: Error | undefined

  async provision({ name, claim: { spec }, node }: Parameters<Provision>[0]): ReturnType<Provision> {
    this.calls.push(`provision ${name.slice(0, 4)}${node ? ` on ${node.metadata.name}` : ''}`)
    if (this.failure) throw this.failure
    if (this.refusal) return this.refusal
    const storage = spec.resources?.requests?.storage ?? '0'
    return { spec: { capacity: { storage }, hostPath: { path: `/made/${name}` } }, labels: { made: 'yes' } }
  }
  async remove(removed: PersistentVolume): Promise<ProvisionRefusal | undefined> {
    this.calls.push(`remove ${removed.spec.hostPath?.path.slice(0, 10)}`)
    if (this.failure) throw this.failure
    return this.refusal
  }
  async expand(_volume: PersistentVolume, size: string): Promise<{ size: string } | ProvisionRefusal> {
    this.calls.push(`expand to ${size}`)
    if (this.failure) throw this.failure
    return this.refusal ?? { size }
  }
}
type Provision = (request: import('@davit/core/controller').ProvisionRequest) => Promise<ProvisionedVolume | ProvisionRefusal>

export interface Plane extends ControlPlane {
  readonly provisioner: FakeProvisioner
  claim(name?: string): Promise<PersistentVolumeClaim>
  volume(name: string): Promise<PersistentVolume>
  events(of: string): Promise<string[]>
}

export async function plane(t: TestContext): Promise<Plane> {
  const provisioner = new FakeProvisioner()
  const provides = definePlugin({
    id: 'test-provisioner',
    api: '^1.0',
    provides: { provisioner: VolumeProvisionerToken },
    setup: async () => ({ provides: { provisioner } }),
  })
  const at = await controlPlane(t, [{ plugin }], { beside: [{ plugin: provides }] })
  const { client } = at
  return {
    ...at,
    provisioner,
    claim: (name = 'data') => client.get(persistentVolumeClaims, 'default', name),
    volume: (name) => client.get(persistentVolumes, '', name),
    async events(of) {
      await at.pass(2000)
      const all = await client.list<Event>({ group: '', version: 'v1', resource: 'events', kind: 'Event', namespaced: true })
      const own = all.items.filter(({ involvedObject }) => involvedObject.name === of)
      return own.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
    },
  }
}

export const makeClaim = (client: Client, made: PersistentVolumeClaim) => client.create(persistentVolumeClaims, made)
export const makeVolume = (client: Client, made: PersistentVolume) => client.create(persistentVolumes, made)
export const makeClass = (client: Client, made: StorageClass) => client.create(storageClasses, made)
