/** What a write, and what somebody owns, is in another version of the kind than that of the request. */
import {
  type ChangesElsewhere,
  compareFields,
  type FieldSet,
  fieldsOf,
  type KubeObject,
  type ManagedFields,
  pruneApplied,
  type ResourceKind,
  unionOf,
  type WrittenPart,
} from '../kinds/contract.js'
import type { ApiServices } from './services.js'
import { converterBetween } from './views.js'

/** apiVersion → an object before and after a write in that version, as a webhook makes them. */
export type Conversions = ReadonlyMap<string, readonly [current: KubeObject, made: KubeObject]>

function otherKind(services: ApiServices, kind: ResourceKind, apiVersion: string | undefined): ResourceKind | undefined {
  if (apiVersion === undefined || apiVersion === kind.apiVersion) return undefined
  return services.kinds.kind(apiVersion, kind.kind)
}

/** Undefined, and nothing is waited for, where no entry is of a version that only a webhook knows to make. */
export function conversionsOf(
  services: ApiServices,
  kind: ResourceKind,
  entries: ManagedFields,
  pair: readonly [current: KubeObject, made: KubeObject],
): Promise<Conversions> | undefined {
  if (!kind.custom?.convert) return undefined
  const others = new Set(entries.map(({ apiVersion }) => otherKind(services, kind, apiVersion)))
  others.delete(undefined)
  return others.size === 0 ? undefined : convertedPairs([...others] as ResourceKind[], pair)
}

async function convertedPairs(
  others: readonly ResourceKind[],
  pair: readonly [current: KubeObject, made: KubeObject],
): Promise<Conversions> {
  const conversions = new Map<string, readonly [KubeObject, KubeObject]>()
  for (const other of others) {
    const [current, made] = await converted(other, pair)
    if (current && made) conversions.set(other.apiVersion, [current, made])
  }
  return conversions
}

/** By the webhook, and with the defaults of that version, so that they make no difference. */
async function converted({ apiVersion, custom }: ResourceKind, objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const made = (await custom?.convert?.(objects, apiVersion)) ?? []
  return made.map((object) => custom?.settle(object) ?? object)
}

export function changesElsewhere(
  services: ApiServices,
  kind: ResourceKind,
  part: WrittenPart,
  current: KubeObject,
  made: KubeObject,
  conversions: Conversions | undefined,
): ChangesElsewhere {
  return (apiVersion) => {
    const other = otherKind(services, kind, apiVersion)
    if (!other) return undefined
    const [before, after] = conversions?.get(apiVersion) ?? []
    if (before && after) return compareFields(other.schema, before, after, part)
    const convert = converterBetween(kind, other)
    return convert && compareFields(other.schema, convert(current), convert(made), part)
  }
}

/** The fields of `object`, in the version of the request, that an entry owns: those that would not be as they are without it. */
export function ownedHere(
  services: ApiServices,
  kind: ResourceKind,
  part: WrittenPart,
  object: KubeObject,
  entry: ManagedFields[number],
): FieldSet | Promise<FieldSet> {
  const other = otherKind(services, kind, entry.apiVersion)
  if (!other) return fieldsOf(entry)
  if (kind.custom?.convert) return ownedThroughWebhook(kind, other, part, object, entry)
  const [there, back] = [converterBetween(kind, other), converterBetween(other, kind)]
  if (!there || !back) return fieldsOf(entry)
  const without = back(pruneApplied(other.schema, there(object), fieldsOf(entry), []) as KubeObject)
  return differing(kind, part, object, without)
}

/** What the other version cannot say is lost on the way there and back, and must not count as owned: both go that way. */
async function ownedThroughWebhook(
  kind: ResourceKind,
  other: ResourceKind,
  part: WrittenPart,
  object: KubeObject,
  entry: ManagedFields[number],
): Promise<FieldSet> {
  const [there] = await converted(other, [object])
  if (!there) return fieldsOf(entry)
  const pruned = pruneApplied(other.schema, there, fieldsOf(entry), []) as KubeObject
  const [whole, without] = await converted(kind, [there, pruned])
  return whole && without ? differing(kind, part, whole, without) : fieldsOf(entry)
}

function differing({ schema }: ResourceKind, part: WrittenPart, object: KubeObject, without: KubeObject): FieldSet {
  const { changed, removed } = compareFields(schema, object, without, part)
  return unionOf(changed, removed)
}
