/**
 * How the store lies on disk. Four families of records, told apart by their first letter:
 *
 * - `d<key>NUL<revision>`: the bytes of one version.
 * - `i<key>NUL<revision>`: `[created, order, lease?]` of the same version, created 0 for a delete. Small, so that
 *   opening reads these alone. They are the event log too: sorted by revision they tell every change.
 * - `l<id>`: `[ttl]` of a lease.
 * - `m<name>`: what holds for the whole store.
 *
 * A transaction's records are written in one batch and never changed again, only deleted.
 */
import type { Key, Lease, LeaseId, Revision } from './contract.js'
import type { Version } from './history.js'

export const formatVersion = 1
export const metaNames = {
  format: 'mformat',
  /** Everything at or before this revision is forgotten. */
  compacted: 'mcompacted',
  /** `[revision, boot]`: see `Ceiling`. */
  ceiling: 'mceiling',
  /** The number of the last lease, so that an id never means two leases. */
  lease: 'mlease',
  /** Stands while a snapshot is loaded: found on opening, the load was cut off and all is thrown away. */
  restoring: 'mrestoring',
} as const

/** `value` undefined deletes the record. */
export interface DiskWrite {
  readonly name: string
  readonly value: Uint8Array | undefined
}

/** Eleven digits to the base 36 hold every integer up to 2^53, and sort as text like the numbers. */
const digits = 11

export function dataName(key: Key, revision: Revision): string {
  return `d${key}\0${revision.toString(36).padStart(digits, '0')}`
}
export function indexName(key: Key, revision: Revision): string {
  return `i${key}\0${revision.toString(36).padStart(digits, '0')}`
}
export function leaseName(id: LeaseId): string {
  return `l${id}`
}

export function versionWrites(version: Version, value: Uint8Array | undefined): DiskWrite[] {
  const fields: (number | string)[] = [version.created, version.order]
  if (version.lease !== undefined) fields.push(version.lease)
  const index = { name: indexName(version.key, version.revision), value: encode(fields) }
  return value === undefined ? [index] : [{ name: dataName(version.key, version.revision), value }, index]
}

export function versionDeletes(version: Version): DiskWrite[] {
  const index = { name: indexName(version.key, version.revision), value: undefined }
  return version.created === 0 ? [index] : [{ name: dataName(version.key, version.revision), value: undefined }, index]
}

export function decodeVersion(name: string, bytes: Uint8Array): Version {
  const end = name.length - digits - 1
  const [created, order, lease] = decode(bytes) as [number, number, string?]
  return {
    key: name.slice(1, end),
    revision: Number.parseInt(name.slice(end + 1), 36),
    created,
    order,
    lease,
    entry: undefined,
    older: undefined,
  }
}

export function leaseWrite(lease: Lease): DiskWrite {
  return { name: leaseName(lease.id), value: encode([lease.ttl]) }
}
export function decodeLease(name: string, bytes: Uint8Array): Lease {
  const [ttl] = decode(bytes) as [number]
  return { id: name.slice(1), ttl }
}

export function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
export function decode(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
}
