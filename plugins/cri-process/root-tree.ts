/**
 * The file system that a container sees: the machine's own, with a private layer on top that takes all writes, fresh
 * /proc, /sys and /dev, and the Pod's volumes. All mounts are made inside the container's mount namespace by one
 * `mount -a` from a table; what lies here prepares the table and the directories to mount at.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { type Mount, RuntimeError } from '@davit/core/node'
import { isWithin, type Layer, layerOf, makeLayers, makePoint, makePointInLayer } from './layers.js'
import { MountTable } from './mount-table.js'
import type { ContainerPlaces } from './places.js'

const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty']
const trigger = '/proc/sysrq-trigger'
const links = [
  ['ptmx', 'pts/ptmx'],
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
] as const

/** The directories and links of a container's /dev, which the machine keeps in one that is not seen inside. */
async function makeDevices(upper: string): Promise<void> {
  const folder = join(upper, 'dev')
  await mkdir(folder)
  await chmod(folder, 0o755)
  await Promise.all([
    ...['pts', 'shm', 'mqueue'].map((name) => mkdir(join(folder, name))),
    ...devices.map((name) => writeFile(join(folder, name), '')),
    ...links.map(([name, target]) => symlink(target, join(folder, name))),
  ])
}

export interface TreeOptions {
  readonly places: ContainerPlaces
  readonly mounts: readonly Mount[]
  /** The Pod's own shared memory; absent: the machine's. */
  readonly sharedMemory: string | undefined
  /** What the container must not see of the machine. */
  readonly hidden: string
  readonly readOnly: boolean
  readonly privileged: boolean
}

/** Prepares the directories, and writes the table that `mount -a` reads. */
export async function makeTree(options: TreeOptions): Promise<void> {
  const { places, readOnly, hidden, privileged } = options
  const table = new MountTable(places.root)
  const layers = await makeLayers(places)
  for (const { mountPoint, upper, work } of layers) {
    table.add(
      'overlay',
      mountPoint,
      'overlay',
      `${readOnly ? 'ro,' : ''}lowerdir=${mountPoint},upperdir=${upper},workdir=${work}`,
    )
  }
  await makeOwnFolders(layers, privileged)
  addKernelMounts(table, options)
  if (layerOf(layers, hidden)) table.add('tmpfs', hidden, 'tmpfs', 'ro,size=4k,mode=700')
  await addVolumes(table, layers, options.mounts)
  await mkdir(places.root)
  await writeFile(places.table, table.text(), { mode: 0o600 })
}

/** What lies on file systems that are not seen in the container is empty there: some of it must be there. */
async function makeOwnFolders(layers: readonly Layer[], privileged: boolean): Promise<void> {
  const root = layers.find(({ mountPoint }) => mountPoint === '/')
  if (!root) throw new Error('the machine has no root file system')
  if (!privileged) await makeDevices(root.upper)
  for (const folder of ['/tmp', '/run', '/proc', '/sys', '/dev']) {
    if (!root.covered.includes(folder)) continue
    await makePoint(root.upper, '', folder, true)
    if (folder === '/tmp') await chmod(join(root.upper, folder), 0o1777)
  }
}

function addKernelMounts(table: MountTable, { privileged, sharedMemory }: TreeOptions): void {
  table.add('proc', '/proc', 'proc', 'nosuid,nodev,noexec')
  if (privileged) {
    table.add('sysfs', '/sys', 'sysfs', 'nosuid,nodev,noexec')
    table.bind('/sys/fs/cgroup', '/sys/fs/cgroup', 'rbind')
    table.bind('/dev', '/dev', 'rbind')
  } else {
    table.bind(table.inside('/proc/sys'), '/proc/sys', 'bind,ro')
    if (existsSync(trigger)) table.bind(table.inside(trigger), trigger, 'bind,ro')
    table.add('sysfs', '/sys', 'sysfs', 'ro,nosuid,nodev,noexec')
    for (const name of devices) table.bind(`/dev/${name}`, `/dev/${name}`, 'bind')
    table.add('devpts', '/dev/pts', 'devpts', 'newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec')
    table.add('mqueue', '/dev/mqueue', 'mqueue', 'nosuid,nodev,noexec')
  }
  table.bind(sharedMemory ?? '/dev/shm', '/dev/shm', 'bind')
}

/** Parents before what lies in them. A volume in a volume gets its mount point there. */
async function addVolumes(table: MountTable, layers: readonly Layer[], mounts: readonly Mount[]): Promise<void> {
  const placed: { readonly target: string; readonly mount: Mount }[] = []
  const resolved = await Promise.all(mounts.map(async (mount) => ({ mount, target: await targetOf(mount.containerPath) })))
  for (const { mount, target } of resolved.sort((a, b) => a.target.length - b.target.length)) {
    if (hidesSystem(target)) {
      const where = `nothing can be mounted at ${mount.containerPath}`
      throw new RuntimeError('CreateContainerError', `${where}: it would hide programs that give a container its rights`)
    }
    const source = await stat(mount.hostPath).catch((cause: unknown) => {
      throw new RuntimeError('CreateContainerError', `nothing to mount at ${mount.hostPath}`, { cause })
    })
    const outer = placed.findLast((item) => isWithin(target, item.target))
    if (outer) await makePoint(outer.mount.hostPath, '', target.slice(outer.target.length), source.isDirectory())
    else await makePointInLayer(layers, target, source.isDirectory())
    table.bind(mount.hostPath, target, mount.readOnly ? 'rbind,ro' : 'rbind')
    placed.push({ target, mount })
  }
}

const system = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/bin', '/sbin', '/lib', '/lib64', '/proc', '/sys']
const linker = ['/etc/ld.so.preload', '/etc/ld.so.cache']

/**
 * The last steps to a container's program run the machine's own tools inside the container, still as root. What a Pod
 * could put in their place would run with rights that the Pod was not given.
 */
export function hidesSystem(target: string): boolean {
  return [...system, ...linker].some((path) => isWithin(path, target)) || system.some((path) => isWithin(target, path))
}

/** Links in a path lead elsewhere from outside the container than from inside: here they are followed as inside. */
async function targetOf(containerPath: string): Promise<string> {
  const path = normalize(`/${containerPath}`).replace(/(.)\/$/, '$1')
  for (let head = path; head !== '/'; head = dirname(head)) {
    const real = await realpath(head).catch(() => undefined)
    if (real !== undefined) return join(real, path.slice(head.length))
  }
  return path
}
