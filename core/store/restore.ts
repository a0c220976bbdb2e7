import type { Lease, Revision } from './contract.js'
import type { Disk } from './disk.js'
import type { Version } from './history.js'
import { type DiskWrite, encode, leaseWrite, metaNames, versionWrites } from './records.js'
import { type SnapshotHeader, type SnapshotItem, SnapshotReader } from './snapshot.js'

export interface Restored {
  readonly revision: Revision
  readonly lastLease: number
  readonly versions: readonly Version[]
  readonly leases: readonly Lease[]
}

const bytesAtOnce = 4 * 1024 * 1024

/** Reads all of a snapshot and rejects when it is bad. Called before the first write of a restore. */
export async function verifySnapshot(file: string): Promise<void> {
  await eachItem(file, async () => {})
}

/** Brings a snapshot onto an empty disk. When it rejects, part of it may be there, under the mark of an unfinished load. */
export async function restoreSnapshot(disk: Disk, file: string): Promise<Restored> {
  const versions: Version[] = []
  const leases: Lease[] = []
  let writes: DiskWrite[] = []
  let bytes = 0
  await disk.write([{ name: metaNames.restoring, value: encode(true) }], true)
  const header = await eachItem(file, async (item) => {
    if (item.type === 'lease') {
      leases.push(item.lease)
      writes.push(leaseWrite(item.lease))
      return
    }
    const { key, revision, created, lease } = item.entry
    const version: Version = { key, revision, created, order: 0, lease, entry: undefined, older: undefined }
    versions.push(version)
    if (!disk.durable) version.entry = item.entry
    writes.push(...versionWrites(version, item.entry.value))
    bytes += item.entry.value.byteLength
    if (bytes < bytesAtOnce) return
    await disk.write(writes, false)
    writes = []
    bytes = 0
  })
  const { revision, lastLease } = header
  writes.push({ name: metaNames.compacted, value: encode(revision) }, { name: metaNames.lease, value: encode(lastLease) })
  writes.push({ name: metaNames.restoring, value: undefined })
  await disk.write(writes, true)
  return { revision, lastLease, versions, leases }
}

async function eachItem(file: string, take: (item: SnapshotItem) => Promise<void>): Promise<SnapshotHeader> {
  const reader = await SnapshotReader.open(file)
  try {
    const header = await reader.header()
    for await (const item of reader.items()) await take(item)
    return header
  } finally {
    await reader.close()
  }
}
