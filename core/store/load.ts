import { DavitError } from '../kernel/contract.js'
import type { Lease, Revision } from './contract.js'
import type { Disk } from './disk.js'
import { History, type Version } from './history.js'
import { type DiskWrite, decode, decodeLease, decodeVersion, encode, formatVersion, metaNames } from './records.js'

export interface Loaded {
  readonly history: History
  readonly leases: readonly Lease[]
  readonly lastLease: number
  readonly ceiling: Revision
  /** On disk, but of no use any more. */
  readonly garbage: readonly Version[]
}

/** Reads what a store needs in memory, and puts right what a crash may have left half-done. */
export async function load(disk: Disk): Promise<Loaded> {
  const meta = (name: string): unknown => {
    const bytes = disk.read(name)
    return bytes && decode(bytes)
  }
  await checkFormat(disk, meta(metaNames.format))
  if (meta(metaNames.restoring) !== undefined) await wipe(disk)
  const history = new History()
  history.compacted = (meta(metaNames.compacted) as Revision | undefined) ?? 0
  const garbage: Version[] = []
  for await (const piece of disk.scan('i', 'j')) {
    for (const [name, bytes] of piece) garbage.push(...history.load(decodeVersion(name, bytes)))
  }
  history.finishLoading()
  const leases: Lease[] = []
  for await (const piece of disk.scan('l', 'm')) {
    for (const [name, bytes] of piece) leases.push(decodeLease(name, bytes))
  }
  const [ceiling, boot] = (meta(metaNames.ceiling) as [Revision, string?] | undefined) ?? [0]
  const lastLease = (meta(metaNames.lease) as number | undefined) ?? 0
  if (ceiling > history.visible && (boot === undefined || boot !== disk.boot)) {
    garbage.push(...(await skipTo(disk, history, ceiling)))
    return { history, leases, lastLease, ceiling: 0, garbage }
  }
  return { history, leases, lastLease, ceiling, garbage }
}

/**
 * The machine went down while relaxed writes may not have been on disk. Their revisions are not used again, and who
 * may have seen them is told to list anew.
 */
async function skipTo(disk: Disk, history: History, revision: Revision): Promise<readonly Version[]> {
  await disk.write(
    [
      { name: metaNames.compacted, value: encode(revision) },
      { name: metaNames.ceiling, value: undefined },
    ],
    true,
  )
  history.advance(revision)
  return history.compact(revision, Number.POSITIVE_INFINITY)
}

async function checkFormat(disk: Disk, found: unknown): Promise<void> {
  if (!disk.durable || found === formatVersion) return
  if (found === undefined && (await isEmpty(disk))) {
    return disk.write([{ name: metaNames.format, value: encode(formatVersion) }], true)
  }
  const what = found === undefined ? 'is not of this store' : `has format ${String(found)}`
  throw new DavitError('DAVIT_STORE_FORMAT', `The data directory ${what}; this version reads format ${formatVersion}.`)
}

async function isEmpty(disk: Disk): Promise<boolean> {
  for await (const piece of disk.scan('\0', '\x7f')) if (piece.length > 0) return false
  return true
}

/** Empties the disk. The mark of the unfinished load goes last, so that a crash in here is no harm. */
export async function wipe(disk: Disk): Promise<void> {
  for await (const piece of disk.scan('d', 'm')) {
    await disk.write(
      piece.map(([name]): DiskWrite => ({ name, value: undefined })),
      false,
    )
  }
  const names = [metaNames.compacted, metaNames.lease, metaNames.ceiling, metaNames.restoring]
  await disk.write(
    names.map((name) => ({ name, value: undefined })),
    true,
  )
}
