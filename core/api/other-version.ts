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

/** Versions of custom resources are taken for the same form: what a webhook makes of them cannot be asked here. */
function otherKind(services: ApiServices, kind: ResourceKind, apiVersion: string | undefined): ResourceKind | undefined {
  if (apiVersion === undefined || apiVersion === kind.apiVersion) return undefined
  return services.kinds.kind(apiVersion, kind.kind)
}

export function changesElsewhere(
  services: ApiServices,
  kind: ResourceKind,
  part: WrittenPart,
  current: KubeObject,
  made: KubeObject,
): ChangesElsewhere {
  return (apiVersion) => {
    const other = otherKind(services, kind, apiVersion)
    const convert = other && converterBetween(kind, other)
    return other && convert && compareFields(other.schema, convert(current), convert(made), part)
  }
}

/** The fields of `object`, in the version of the request, that an entry owns: those that would not be as they are without it. */
export function ownedHere(
  services: ApiServices,
  kind: ResourceKind,
  part: WrittenPart,
  object: KubeObject,
  entry: ManagedFields[number],
): FieldSet {
  const other = otherKind(services, kind, entry.apiVersion)
  const [there, back] = other ? [converterBetween(kind, other), converterBetween(other, kind)] : []
  if (!other || !there || !back) return fieldsOf(entry)
  const without = back(pruneApplied(other.schema, there(object), fieldsOf(entry), []) as KubeObject)
  const { changed, removed } = compareFields(kind.schema, object, without, part)
  return unionOf(changed, removed)
}
