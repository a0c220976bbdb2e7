/** Tells drivers of PersistentVolumes which nodes this process has: those drivers that are here, and those that come. */
import type { Bag, Logger } from '../kernel/contract.js'
import type { PersistentVolumeDriver, VolumePlace } from './contract.js'

/** Resolves with the undo. */
export async function openVolumeDrivers(
  drivers: Bag<PersistentVolumeDriver>,
  places: readonly VolumePlace[],
  log: Logger,
): Promise<() => Promise<void>> {
  const opened = new Map<PersistentVolumeDriver, (() => Promise<void>)[]>()
  const open = async (driver: PersistentVolumeDriver): Promise<void> => {
    const undos: (() => Promise<void>)[] = []
    opened.set(driver, undos)
    if (driver.open) for (const place of places) undos.push(await driver.open(place))
  }
  const close = async (driver: PersistentVolumeDriver): Promise<void> => {
    const undos = opened.get(driver) ?? []
    opened.delete(driver)
    for (const undo of undos.reverse()) await undo()
  }
  for (const driver of drivers.all()) await open(driver)
  /** One change after the other. */
  let work = Promise.resolve()
  const stop = drivers.onChange(() => {
    work = work.then(follow).catch((error: unknown) => log.error({ error: String(error) }, 'a driver of volumes was not opened'))
  })
  const follow = async (): Promise<void> => {
    const present = new Set(drivers.all())
    for (const driver of [...opened.keys()]) if (!present.has(driver)) await close(driver)
    for (const driver of present) if (!opened.has(driver)) await open(driver)
  }
  return async () => {
    stop()
    await work
    for (const driver of [...opened.keys()].reverse()) await close(driver)
  }
}
