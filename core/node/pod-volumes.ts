/** The volumes of one Pod on the node's disk, and where its containers mount them. */
import { mkdir, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Pod, Container as PodContainer, Volume, VolumeMount } from '../kinds/contract.js'
import type { Mount, MountedVolume, VolumeDriver, VolumePlace, VolumeReader, VolumeRequest } from './contract.js'
import { RuntimeError } from './contract.js'
import { expand } from './expand.js'
import { removeTree, subPathsName } from './mounts.js'
import { bindTo, openBelow } from './subpaths.js'
import { giveToGroup } from './volumes/group.js'
import { canMount } from './volumes/memory.js'
import { forgetDriver, recordDriver, recordedDriver } from './volumes/undo-record.js'

/** Of drivers that no configuration takes away; what they leave goes with the Pod's directory. */
const ownSources: ReadonlySet<string> = new Set([
  'configMap',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'hostPath',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

export interface PodVolumes {
  /** Makes all volumes present and current. A refusal is what to wait for. */
  mount(pod: Pod): Promise<{ readonly wait: string } | undefined>
  /** Throws where the plugin that has to undo something is not here. */
  unmount(pod: Pod): Promise<void>
  /** After `mount`. Throws `CreateContainerConfigError` for a path that leaves its volume. */
  mountsOf(container: PodContainer, variables: ReadonlyMap<string, string>): Promise<Mount[]>
}

export function createPodVolumes(
  directory: string,
  drivers: () => readonly VolumeDriver[],
  read: VolumeReader,
  place: VolumePlace,
  /** For what shall not reach a disk. Absent: there is no such directory. */
  memory: () => Promise<string> = async () => directory,
): PodVolumes {
  const subPaths = join(dirname(directory), subPathsName)
  const mounted = new Map<string, MountedVolume>()
  const requestOf = async (driver: VolumeDriver, pod: Pod, volume: Volume): Promise<VolumeRequest> => {
    const onDisk = join(directory, volume.name)
    const isInMemory = driver.inMemory && !(await holdsFiles(onDisk))
    return { pod, volume, directory: isInMemory ? join(await memory(), volume.name) : onDisk, read, place }
  }
  return {
    async mount(pod) {
      const volumes = pod.spec.volumes ?? []
      for (const volume of volumes) {
        const driver = driverOf(volume, drivers())
        if (!driver) return { wait: `no plugin serves volumes of type ${sourceOf(volume) ?? 'none'}` }
        const result = await attempt(async () => {
          const request = await requestOf(driver, pod, volume)
          await mkdir(dirname(request.directory), { recursive: true, mode: 0o755 })
          if (!mounted.has(volume.name) && !ownSources.has(driver.source)) await recordDriver(request.directory, driver.source)
          const answer = await driver.mount(request)
          if (!('wait' in answer) && !mounted.has(volume.name)) await giveToPodGroup(pod, answer)
          return answer
        })
        if ('wait' in result) return { wait: `MountVolume.SetUp failed for volume "${volume.name}" : ${result.wait}` }
        mounted.set(volume.name, result)
      }
      return undefined
    },
    async unmount(pod) {
      await removeTree(subPaths)
      for (const volume of pod.spec.volumes ?? []) {
        const driver = driverOf(volume, drivers())
        if (driver) await undo(driver, await requestOf(driver, pod, volume))
        else await refuseToForget(volume, [directory, await memory()])
      }
      for (const driver of drivers()) await driver.unmountPod?.(pod.metadata.uid ?? '')
      mounted.clear()
    },
    async mountsOf(container, variables) {
      const mounts: Mount[] = []
      for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
        const volume = mounted.get(mount.name)
        if (volume === undefined) throw new RuntimeError('CreateContainerConfigError', `volume "${mount.name}" is not mounted`)
        const hostPath = await inVolume(
          volume.path,
          subPathOf(mount, variables),
          join(subPaths, mount.name, container.name, `${index}`),
        )
        const readOnly = volume.readOnly === true || (mount.readOnly ?? false)
        mounts.push({ hostPath, containerPath: mount.mountPath, readOnly, ...propagationOf(mount) })
      }
      return mounts
    },
  }
}

async function undo(driver: VolumeDriver, request: VolumeRequest): Promise<void> {
  await driver.unmount(request)
  await forgetDriver(request.directory)
}

async function refuseToForget(volume: Volume, parents: readonly string[]): Promise<void> {
  for (const parent of parents) {
    const source = await recordedDriver(join(parent, volume.name))
    if (source !== undefined)
      throw new Error(`volume "${volume.name}" cannot be unmounted: no plugin of this node serves volumes of type ${source} now`)
  }
}

/** Written by a Davit that kept everything here: containers of its time have this place, and are to see what changes. */
async function holdsFiles(directory: string): Promise<boolean> {
  return (await readdir(directory).catch(() => [])).length > 0
}

async function giveToPodGroup({ spec }: Pod, { path, readOnly, takesGroup }: MountedVolume): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec.securityContext ?? {}
  if (fsGroup !== undefined && takesGroup && !readOnly) await giveToGroup(path, fsGroup, fsGroupChangePolicy === 'OnRootMismatch')
}

/** What the disk refuses, the Pod waits for. */
async function attempt(mount: () => ReturnType<VolumeDriver['mount']>): ReturnType<VolumeDriver['mount']> {
  try {
    return await mount()
  } catch (error) {
    return { wait: error instanceof Error ? error.message : String(error) }
  }
}

/** The field of a volume that says what it is. */
function sourceOf(volume: Volume): string | undefined {
  return Object.keys(volume).find((key) => key !== 'name' && volume[key as keyof Volume] !== undefined)
}

function driverOf(volume: Volume, drivers: readonly VolumeDriver[]): VolumeDriver | undefined {
  // Without a source it is an empty directory.
  const source = sourceOf(volume) ?? 'emptyDir'
  return drivers.find((driver) => driver.source === source)
}

function propagationOf({ mountPropagation }: VolumeMount): Pick<Mount, 'propagation'> {
  if (mountPropagation === 'HostToContainer') return { propagation: 'HostToContainer' }
  return mountPropagation === 'Bidirectional' ? { propagation: 'Bidirectional' } : {}
}

function subPathOf(mount: VolumeMount, variables: ReadonlyMap<string, string>): string {
  if (!mount.subPathExpr) return mount.subPath ?? ''
  const expanded = expand(mount.subPathExpr, (name) => variables.get(name))
  if (/\$\([^)]*\)/.test(expanded)) throw refusal(`subPathExpr "${mount.subPathExpr}" names a variable that is not set`)
  return expanded
}

/** Neither ".." nor a link may lead out of the volume. `place`: where it is bound, so that no container can change it. */
async function inVolume(volume: string, subPath: string, place: string): Promise<string> {
  if (subPath === '') return volume
  if (subPath.startsWith('/')) throw refusal(`subPath "${subPath}" is absolute`)
  if (subPath.split('/').includes('..')) throw refusal(`subPath "${subPath}" contains ".."`)
  const root = await realpath(volume)
  const path = await resolved(join(root, subPath))
  if (path !== root && !path.startsWith(root + sep)) throw refusal(`subPath "${subPath}" leads out of its volume`)
  const parts = relative(root, path).split(sep)
  const handle = await openBelow(root, parts[0] === '' ? [] : parts).catch((error: Error) => {
    throw refusal(`subPath "${subPath}" cannot be opened: ${error.message}`)
  })
  try {
    // Who may not mount has no containers of other users either: what they could reach, they can reach without this.
    if (!(await canMount())) return path
    await bindTo(handle, place)
    return place
  } finally {
    await handle.close()
  }
}

/** Without links, as far as it exists. */
async function resolved(path: string): Promise<string> {
  return realpath(path).catch(async () => join(await resolved(dirname(path)), basename(path)))
}

function refusal(message: string): RuntimeError {
  return new RuntimeError('CreateContainerConfigError', message)
}
