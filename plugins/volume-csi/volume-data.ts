/** What was done for a Pod's volume, in a file beside it: claim and volume may be gone when it is to be undone. */
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFile, mountName, type Places } from './places.js'

export interface VolumeData {
  /** The name of the Pod's volume. */
  readonly volume: string
  readonly driver: string
  readonly volumeHandle: string
  /** Absent: the driver does not stage. */
  readonly staging?: string
}
export interface Published {
  readonly directory: string
  readonly target: string
  readonly data: VolumeData
}

/** Written before the driver is asked, so that nothing it mounts is ever unknown. */
export async function writeVolumeData(directory: string, data: VolumeData): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const path = join(directory, dataFile)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(data))
    // What is mounted outlives a loss of power no more than this does, but a driver may have attached a disk.
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

export async function publishedOf(places: Places, podUid: string): Promise<Published[]> {
  const root = places.volumesOf(podUid)
  const found: Published[] = []
  for (const name of await namesIn(root)) {
    const directory = join(root, name)
    const data = await readVolumeData(directory)
    if (data) found.push({ directory, target: join(directory, mountName), data })
  }
  return found
}

/** Whether any Pod of the machine has what is staged there, besides the one whose volume lies in `except`. */
export async function isStagedFor(places: Places, staging: string, except: string): Promise<boolean> {
  for (const uid of await namesIn(places.pods)) {
    // A record that cannot be read concerns its own Pod: that one's volume cannot be undone, all others can.
    const published = await publishedOf(places, uid).catch(() => [])
    if (published.some(({ directory, data }) => directory !== except && data.staging === staging)) return true
  }
  return false
}

/** After the driver has unmounted it. What is not empty is somebody's data, and stays: `rmdir` refuses. */
export async function removeTarget({ target }: Published): Promise<void> {
  await rmdir(target).catch(unlessMissing)
}

/** The last step: from now on nobody knows of it. */
export async function forgetVolume(places: Places, podUid: string, { directory }: Published): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  const root = places.volumesOf(podUid)
  for (const folder of [root, join(root, '..'), join(root, '../..')]) {
    if ((await namesIn(folder)).length === 0) await rmdir(folder).catch(unlessMissing)
  }
}

async function readVolumeData(directory: string): Promise<VolumeData | undefined> {
  const text = await readFile(join(directory, dataFile), 'utf8').catch(unlessMissing)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as VolumeData
  } catch (cause) {
    throw new Error(`what is mounted in ${directory} is not known any more: its ${dataFile} cannot be read`, { cause })
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(unlessMissing)) ?? []
}

function unlessMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  return undefined
}
