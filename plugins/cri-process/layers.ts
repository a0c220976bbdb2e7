/** The machine's own file systems as a container sees them: each with a private layer on top that takes all writes. */
import { chmod, chown, lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RuntimeError } from '@davit/core/node'
import type { ContainerPlaces } from './places.js'

export interface Layer {
  readonly mountPoint: string
  readonly upper: string
  readonly work: string
  /** Mounted below it, and not seen in the container. */
  readonly covered: readonly string[]
}

/** Of these, what is mounted on the machine is the container's too. The rest is made anew, or left out. */
const diskFileSystems =
  /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|erofs|squashfs|vfat|exfat|ntfs3?|nfs4?|cifs|9p|virtiofs)$/

/** What comes and goes here is no part of the machine. */
const passing = /^\/(proc|sys|dev|run|tmp|var\/tmp|var\/lib\/(docker|containerd|kubelet))(\/|$)/

export async function makeLayers(places: ContainerPlaces): Promise<Layer[]> {
  const mounted = parseMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  const isLayer = ({ path, type }: MountedPath): boolean => path === '/' || (diskFileSystems.test(type) && !passing.test(path))
  const folders: MountedPath[] = []
  for (const item of mounted) {
    if (isLayer(item) && (await stat(item.path).catch(() => undefined))?.isDirectory()) folders.push(item)
  }
  const paths = [...new Set(folders.map(({ path }) => path))].sort()
  const layers = paths.map((mountPoint, index) => ({
    mountPoint,
    upper: join(places.layers, `${index}`, 'upper'),
    work: join(places.layers, `${index}`, 'work'),
    covered: mounted.map(({ path }) => path).filter((path) => path !== mountPoint && isWithin(path, mountPoint)),
  }))
  for (const { mountPoint, upper, work } of layers) {
    await mkdir(upper, { recursive: true })
    await mkdir(work)
    await likeOn(mountPoint, upper)
  }
  // One that is mounted on what is not seen has no place yet.
  for (const [index, { mountPoint }] of layers.entries()) {
    if (index > 0) await makePointInLayer(layers.slice(0, index), mountPoint, true)
  }
  return layers
}

interface MountedPath {
  readonly path: string
  readonly type: string
}

export function parseMounts(text: string): MountedPath[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const path = before.split(' ')[4]?.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
    return path === undefined ? [] : [{ path, type: after.split(' ')[0] ?? '' }]
  })
}

/** undefined: not seen in the container. */
export function layerOf(layers: readonly Layer[], path: string): Layer | undefined {
  const layer = layers.findLast(({ mountPoint }) => isWithin(path, mountPoint))
  return layer?.covered.some((other) => isWithin(path, other)) ? undefined : layer
}

export async function makePointInLayer(layers: readonly Layer[], target: string, directory: boolean): Promise<void> {
  if (layerOf(layers, target)) {
    const present = await lstat(target).catch(() => undefined)
    if (present && present.isDirectory() === directory) return
  }
  const layer = layers.findLast(({ mountPoint }) => isWithin(target, mountPoint))
  if (!layer) throw new Error(`no file system for ${target}`)
  await makePoint(layer.upper, layer.mountPoint, target.slice(layer.mountPoint === '/' ? 0 : layer.mountPoint.length), directory)
}

/** Makes `path` under `base`; directories that the machine has too, under `origin`, get its owner and mode. */
export async function makePoint(base: string, origin: string, path: string, directory: boolean): Promise<void> {
  const names = path.split('/').filter((name) => name !== '')
  for (let depth = 1; depth <= names.length; depth += 1) {
    const below = names.slice(0, depth).join('/')
    const point = join(base, below)
    const present = await lstat(point).catch(() => undefined)
    // A container may have put it into the volume: it would lead the making of the rest out onto the machine.
    if (present?.isSymbolicLink() && depth < names.length)
      throw new RuntimeError('CreateContainerError', `nothing can be mounted at ${path}: ${below} is a link`)
    if (present) continue
    if (depth === names.length && !directory) await writeFile(point, '')
    else {
      await mkdir(point)
      if (origin !== '') await likeOn(join(origin, below), point)
      else await chmod(point, 0o755)
    }
  }
}

async function likeOn(original: string, copy: string): Promise<void> {
  const found = await stat(original).catch(() => undefined)
  await chmod(copy, found?.isDirectory() ? found.mode & 0o7777 : 0o755)
  if (found?.isDirectory()) await chown(copy, found.uid, found.gid)
}

export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}
