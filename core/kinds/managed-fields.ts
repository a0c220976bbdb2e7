/** `metadata.managedFields`: who owns which fields, and how a write moves them from one to another. Pure; entries are frozen. */

import type { FieldChanges } from './field-compare.js'
import { isPlain } from './field-element.js'
import {
  differenceOf,
  equalSets,
  type FieldSet,
  fieldPaths,
  intersectionOf,
  isEmptySet,
  noFields,
  parseFieldSet,
  unionOf,
} from './field-set.js'
import type { ManagedFieldsEntry } from './types.js'

export type ManagedFields = readonly ManagedFieldsEntry[]

/** Who writes, in which way. */
export interface FieldWriter {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
}
/** In the form of a cause of the refusal. */
export interface FieldConflict {
  readonly message: string
  readonly field: string
}

const mostUpdaters = 10
const oldUpdaters = 'ancient-changes'

export const fieldsOf = (entry: ManagedFieldsEntry): FieldSet => (entry.fieldsV1 as FieldSet | undefined) ?? noFields

/** One empty entry: the user wants nobody to own anything. */
export function isReset(sent: unknown): boolean {
  return Array.isArray(sent) && sent.length === 1 && isPlain(sent[0]) && Object.keys(sent[0]).length === 0
}

/** What somebody sent, in canonical form; undefined where it is empty or cannot be read, so that it counts for nothing. */
export function readManagedFields(sent: unknown): ManagedFields | undefined {
  if (!Array.isArray(sent) || sent.length === 0) return undefined
  const entries: ManagedFieldsEntry[] = []
  for (const entry of sent as unknown[]) {
    const read = isPlain(entry) ? readEntry(entry) : undefined
    if (!read) return undefined
    if (!isEmptySet(fieldsOf(read))) entries.push(read)
  }
  return sorted(entries)
}

function readEntry(entry: Readonly<Record<string, unknown>>): ManagedFieldsEntry | undefined {
  const { manager = '', operation, apiVersion, time, fieldsType, fieldsV1 = {}, subresource = '' } = entry
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (typeof apiVersion !== 'string' || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined
  const fields = parseFieldSet(fieldsV1)
  if (!fields || typeof manager !== 'string' || typeof subresource !== 'string') return undefined
  return entryOf({ manager, operation, apiVersion, subresource }, fields, typeof time === 'string' ? time : undefined)
}

function entryOf(writer: FieldWriter, fieldsV1: FieldSet, time: string | undefined): ManagedFieldsEntry {
  const { manager, operation, apiVersion, subresource } = writer
  const entry: ManagedFieldsEntry = {}
  if (manager !== '') entry.manager = manager
  entry.operation = operation
  entry.apiVersion = apiVersion
  if (time !== undefined) entry.time = time
  entry.fieldsType = 'FieldsV1'
  entry.fieldsV1 = fieldsV1
  if (subresource !== '') entry.subresource = subresource
  return Object.freeze(entry)
}

/** Of an applier the version does not count: it applies the same whichever version it writes in. */
function isOf(entry: ManagedFieldsEntry, writer: FieldWriter): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    (entry.subresource ?? '') === writer.subresource &&
    (writer.operation === 'Apply' || entry.apiVersion === writer.apiVersion)
  )
}

/** The entries of an object that is new: all of `fields` is the writer's. */
export function firstOwner(fields: FieldSet, writer: FieldWriter, time: string): ManagedFields | undefined {
  return isEmptySet(fields) ? undefined : Object.freeze([entryOf(writer, fields, time)])
}

/**
 * The same write as another version of the kind shows it: paths of an entry mean what they mean in its own version.
 * Undefined where they mean the same in both. Asked only for versions that are not the writer's.
 */
export type ChangesElsewhere = (apiVersion: string) => FieldChanges | undefined

function changesOf(
  entry: ManagedFieldsEntry,
  { apiVersion }: FieldWriter,
  here: FieldChanges,
  elsewhere?: ChangesElsewhere,
): FieldChanges {
  if (entry.apiVersion === apiVersion || entry.apiVersion === undefined) return here
  return elsewhere?.(entry.apiVersion) ?? here
}

/** The writer has what it changed, and nobody has that or what it removed any more. The same array where nothing moves. */
export function updateOwners(
  entries: ManagedFields,
  changes: FieldChanges,
  writer: FieldWriter,
  time: string,
  elsewhere?: ChangesElsewhere,
): ManagedFields {
  const { changed } = changes
  const others: ManagedFieldsEntry[] = []
  let mine: ManagedFieldsEntry | undefined
  let moved = !isEmptySet(changed)
  for (const entry of entries) {
    const fields = released(fieldsOf(entry), changesOf(entry, writer, changes, elsewhere))
    const left = fields === fieldsOf(entry) ? entry : entryOf(writerOf(entry), fields, entry.time)
    if (left !== entry) moved = true
    if (isOf(entry, writer)) mine = left
    else if (!isEmptySet(fields)) others.push(left)
  }
  if (!moved) return entries
  const fields = mine ? unionOf(fieldsOf(mine), changed) : changed
  if (!isEmptySet(fields)) others.push(isEmptySet(changed) && mine ? mine : entryOf(writer, fields, time))
  return sorted(capped(others))
}

const released = (fields: FieldSet, { changed, removed }: FieldChanges): FieldSet =>
  differenceOf(differenceOf(fields, changed), removed)

export interface Applied {
  readonly entries: ManagedFields
  /** Fields of others that the configuration would change. Without force the apply ends with them. */
  readonly conflicts: readonly FieldConflict[]
  /** Those fields themselves. */
  readonly contested: FieldSet
}

/** The applier has `fields`, whole; what it changed or removed is nobody else's any more. */
export function applyOwners(
  entries: ManagedFields,
  fields: FieldSet,
  changes: FieldChanges,
  writer: FieldWriter,
  time: string,
  elsewhere?: ChangesElsewhere,
): Applied {
  const others: ManagedFieldsEntry[] = []
  const conflicts: FieldConflict[] = []
  let contested = noFields
  let [mine, moved] = [undefined as ManagedFieldsEntry | undefined, false]
  for (const entry of entries) {
    if (isOf(entry, writer)) {
      mine = entry
      continue
    }
    const seen = changesOf(entry, writer, changes, elsewhere)
    const lost = intersectionOf(fieldsOf(entry), seen.changed)
    contested = unionOf(contested, lost)
    const message = `conflict with ${managerText(entry)}`
    conflicts.push(...fieldPaths(lost).map((field) => ({ message, field })))
    const left = released(fieldsOf(entry), seen)
    if (left !== fieldsOf(entry)) moved = true
    if (!isEmptySet(left)) others.push(left === fieldsOf(entry) ? entry : entryOf(writerOf(entry), left, entry.time))
  }
  const isSame = mine !== undefined && mine.apiVersion === writer.apiVersion && equalSets(fieldsOf(mine), fields)
  const isIdle = isEmptySet(changes.changed) && isEmptySet(changes.removed)
  if (isSame && isIdle && !moved) return { entries, conflicts, contested }
  if (!isEmptySet(fields)) others.push(mine && isSame && isIdle ? mine : entryOf(writer, fields, time))
  return { entries: sorted(others), conflicts, contested }
}

function writerOf(entry: ManagedFieldsEntry): FieldWriter {
  const { manager = '', operation, apiVersion = '', subresource = '' } = entry
  return { manager, operation: operation === 'Apply' ? 'Apply' : 'Update', apiVersion, subresource }
}

function managerText({ manager = '', operation, apiVersion, subresource = '' }: ManagedFieldsEntry): string {
  const name = JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`)
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}

/** At most ten updaters: the oldest of each version become one entry. */
function capped(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updaters = entries.filter((entry) => entry.operation === 'Update').sort(byAge)
  let surplus = updaters.length - mostUpdaters
  if (surplus <= 0) return entries
  const gone = new Set<ManagedFieldsEntry>()
  const buckets = new Map<string, ManagedFieldsEntry>()
  for (const entry of updaters) {
    if (surplus <= 0) break
    const { apiVersion = '' } = entry
    const first = buckets.get(apiVersion)
    gone.add(entry)
    if (first) {
      const writer: FieldWriter = { manager: oldUpdaters, operation: 'Update', apiVersion, subresource: '' }
      buckets.set(apiVersion, entryOf(writer, unionOf(fieldsOf(first), fieldsOf(entry)), entry.time))
      surplus--
    } else buckets.set(apiVersion, entry)
  }
  return [...entries.filter((entry) => !gone.has(entry)), ...buckets.values()]
}

const text = (value: string | undefined): string => value ?? ''
const compareText = (a: string | undefined, b: string | undefined): number => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)

/** Times are RFC 3339 in whole seconds, so their texts are in order of time. */
const byAge = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number =>
  compareText(a.time, b.time) || compareText(a.manager, b.manager)

function sorted(entries: ManagedFieldsEntry[]): ManagedFields {
  entries.sort(
    (a, b) =>
      compareText(a.operation, b.operation) ||
      compareText(a.time, b.time) ||
      compareText(a.manager, b.manager) ||
      compareText(a.apiVersion, b.apiVersion) ||
      compareText(a.subresource, b.subresource),
  )
  return Object.freeze(entries)
}
