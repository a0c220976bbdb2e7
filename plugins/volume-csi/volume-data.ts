/** What was done for a Pod's volume, in a file beside it: claim and volume may be gone when it is to be undone. */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
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
  await writeFile(`${path}.new`, JSON.stringify(data), { mode: 0o600 })
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

/** Whether any Pod of the machine still has what is staged there. */
export async function isStagedFor(places: Places, staging: string): Promise<boolean> {
  for (const uid of await namesIn(places.pods)) {
    if ((await publishedOf(places, uid)).some(({ data }) => data.staging === staging)) return true
  }
  return false
}

/** After the driver has unmounted it. What is not empty now is somebody's data, and stays: `rmdir` refuses. */
export async function forgetVolume(places: Places, podUid: string, { directory, target }: Published): Promise<void> {
  await rmdir(target).catch(unlessMissing)
  await rm(directory, { recursive: true, force: true })
  const root = places.volumesOf(podUid)
  for (const folder of [root, join(root, '..'), join(root, '../..')]) {
    if ((await namesIn(folder)).length === 0) await rmdir(folder).catch(unlessMissing)
  }
}

async function readVolumeData(directory: string): Promise<VolumeData | undefined> {
  const text = await readFile(join(directory, dataFile), 'utf8').catch(unlessMissing)
  return text === undefined ? undefined : (JSON.parse(text) as VolumeData)
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(unlessMissing)) ?? []
}

function unlessMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  return undefined
}
