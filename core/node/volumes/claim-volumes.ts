/** persistentVolumeClaim and ephemeral: volumes that a claim stands for. */
import { stat } from 'node:fs/promises'
import {
  ephemeralClaimName,
  isVolumeOfClaim,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  reachesVolume,
} from '../../kinds/contract.js'
import type { PersistentVolumeDriver, VolumeDriver, VolumeRequest } from '../contract.js'
import { mountHostPath } from './host-volumes.js'
import { forgetDriver, recordDriver, recordedDriver } from './undo-record.js'

type Drivers = () => readonly PersistentVolumeDriver[]

export function claimVolumes(drivers: Drivers): readonly VolumeDriver[] {
  return [
    claimVolume('persistentVolumeClaim', drivers, ({ volume }) => volume.persistentVolumeClaim?.claimName ?? ''),
    claimVolume('ephemeral', drivers, ({ pod, volume }) => ephemeralClaimName(pod, volume.name)),
  ]
}

function claimVolume(source: string, drivers: Drivers, claimName: (request: VolumeRequest) => string): VolumeDriver {
  return {
    source,
    async mount(request) {
      const name = claimName(request)
      const found = await boundVolume(request, name)
      if (typeof found === 'string') return { wait: `error processing PVC ${request.pod.metadata.namespace}/${name}: ${found}` }
      const { claim, persistentVolume } = found
      const problem = unreachable(persistentVolume, request) ?? taken(persistentVolume, name, request)
      if (problem !== undefined) return { wait: problem }
      const driver = [...drivers(), ...ownDrivers].find((each) => each.serves(persistentVolume))
      if (!driver) return { wait: `no plugin of this node serves the PersistentVolume "${persistentVolume.metadata.name}"` }
      if (driver.unmount) await recordDriver(request.directory, driver.name)
      const result = await driver.mount({ ...request, claim, persistentVolume })
      return 'wait' in result || !request.volume.persistentVolumeClaim?.readOnly ? result : { ...result, readOnly: true }
    },
    async unmount(request) {
      const { directory, volume } = request
      const [name, present] = [await recordedDriver(directory), drivers()]
      if (name !== undefined && !present.some((driver) => driver.name === name))
        throw new Error(`volume "${volume.name}" cannot be unmounted: no plugin of this node provides its driver "${name}" now`)
      for (const driver of present) await driver.unmount?.(request)
      await forgetDriver(directory)
    },
  }
}

interface Bound {
  readonly claim: PersistentVolumeClaim
  readonly persistentVolume: PersistentVolume
}

/** Or, in the words of a kubelet, what is missing. */
async function boundVolume({ pod, volume, read }: VolumeRequest, name: string): Promise<Bound | string> {
  const { metadata } = pod
  const claim = await read.persistentVolumeClaim(metadata.namespace ?? '', name)
  if (!claim) return `failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`
  if (claim.metadata.deletionTimestamp !== undefined) return 'PVC is being deleted'
  if (volume.ephemeral && !claim.metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === metadata.uid)) {
    return `PVC ${metadata.namespace}/${name} was not created for pod ${metadata.namespace}/${metadata.name} (pod is not owner)`
  }
  const { volumeName } = claim.spec
  if (claim.status?.phase !== 'Bound' || !volumeName) return 'PVC is not bound'
  const persistentVolume = await read.persistentVolume(volumeName)
  if (!persistentVolume) return `failed to fetch PV "${volumeName}" from API server: persistentvolumes "${volumeName}" not found`
  if (!isVolumeOfClaim(persistentVolume, claim)) return `PV "${volumeName}" is bound to another claim`
  if (claim.spec.volumeMode === 'Block') return 'block volumes are not served by this node'
  return { claim, persistentVolume }
}

function unreachable(volume: PersistentVolume, { place }: VolumeRequest): string | undefined {
  if (volume.spec.nodeAffinity?.required === undefined) return undefined
  const node = place.node()
  if (node && reachesVolume(volume, node)) return undefined
  return `MountVolume.NodeAffinity check failed for volume "${volume.metadata.name}" : no matching NodeSelectorTerms`
}

/** The scheduler sees to it; a Pod that was bound by hand it has never seen. */
function taken({ spec }: PersistentVolume, claim: string, { pod, place }: VolumeRequest): string | undefined {
  if (!spec.accessModes?.includes('ReadWriteOncePod')) return undefined
  for (const other of place.pods?.() ?? []) {
    // Of two that want it the node's first has it.
    if (other.metadata.uid === pod.metadata.uid) return undefined
    if (other.metadata.namespace === pod.metadata.namespace && usesClaim(other, claim))
      return 'volume uses the ReadWriteOncePod access mode and is already in use by another pod'
  }
  return undefined
}

function usesClaim(pod: Pod, claim: string): boolean {
  return (pod.spec.volumes ?? []).some(
    ({ name, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === claim || (ephemeral !== undefined && ephemeralClaimName(pod, name) === claim),
  )
}

/** What every node has. */
const ownDrivers: readonly PersistentVolumeDriver[] = [
  {
    name: 'host-path',
    serves: ({ spec }) => spec.hostPath !== undefined,
    mount: ({ persistentVolume: { spec } }) => mountHostPath(spec.hostPath ?? { path: '' }),
  },
  {
    name: 'local',
    serves: ({ spec }) => spec.local !== undefined,
    async mount({ persistentVolume: { spec } }) {
      const path = spec.local?.path ?? ''
      const facts = await stat(path).catch(() => undefined)
      return facts ? { path, takesGroup: true } : { wait: `path "${path}" does not exist` }
    },
  },
]
