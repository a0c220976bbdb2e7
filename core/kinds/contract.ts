/**
 * Kinds: what a resource is. Its names and verbs, its schema, its defaults, its validation, how it is patched, selected
 * and printed; all as data or as pure functions. No store, no clock, no I/O (but for `readDescriptions`): the API room
 * calls these, and so may any plugin. Nothing here changes its arguments unless it says so.
 *
 * Trees are JSON values. Where a kind lets in any value (custom resources, fields of type `any`), an integer that a number
 * cannot hold is a `bigint`: whoever turns such trees into text uses `formatJson`, and `parseJson` for the way back.
 */
import type { KubeObject, LabelSelector as LabelSelectorSpec } from './types.js'

export { type Amounts, addAmounts, podAmounts, readAmounts } from './amounts.js'
export { appliedProblems, mergeApplied, pruneApplied } from './apply-merge.js'
export type * from './cel.js'
export { loadCel } from './cel.js'
export { hasColumns, tableColumns, tableRow } from './columns.js'
export { decode } from './decode.js'
export { readDescriptions } from './descriptions.js'
export { duplicateFields } from './duplicates.js'
export { equalJson } from './equal.js'
export { formatJson, integerOf, parseJson } from './exact-json.js'
export { compareFields, type FieldChanges, isUnchanged } from './field-compare.js'
export { sortedJson } from './field-element.js'
export { duplicate, forbidden, invalid, notSupported, required, tooLong, tooMany } from './field-error.js'
export { differenceOf, type FieldSet, fieldPaths, unionOf } from './field-set.js'
export { appliedFields, createdFields, fieldSetText, type WrittenPart } from './field-walk.js'
export { escapeAsGo } from './json-text.js'
export {
  type Applied,
  applyOwners,
  type ChangesElsewhere,
  type FieldConflict,
  type FieldWriter,
  fieldsOf,
  firstOwner,
  isReset,
  type ManagedFields,
  readManagedFields,
  updateOwners,
} from './managed-fields.js'
export { qualifiedName } from './names.js'
export { matchesNodeTerm, selectsNode, tolerates } from './node-selector.js'
export { type Descriptions, openApiV3 } from './openapi.js'
export { OpenApiV2 } from './openapi-v2.js'
export { mergeOpenApiV2, type OpenApiV2Part, openApiV2Part } from './openapi-v2-merge.js'
export { encodeOpenApiV2 } from './openapi-v2-protobuf.js'
export { configurationProblem, jsonPatch, mergePatch, strategicMergePatch } from './patch.js'
export { type DecodedProtobuf, decodeProtobuf, isProtobuf } from './protobuf.js'
export type { ExactQuantity } from './quantity.js'
export {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityToMilli,
  quantityToNumber,
  subtractQuantities,
} from './quantity.js'
export {
  type QuotaResource,
  quotaCountName,
  quotaFollowsUpdates,
  quotaMissing,
  quotaNames,
  quotaReleaseTime,
  quotaResourcesOf,
  quotaScopesMatch,
  quotaUsage,
} from './quota.js'
export {
  createRegistry,
  /**
   * A kind of Kubernetes' that this API serves only where a plugin makes its objects: `PodMetrics` and `NodeMetrics` of
   * "metrics.k8s.io/v1beta1". To be registered; throws where none of that name is offered.
   */
  offeredKind,
} from './registry.js'
export { type CronFields, type CronSchedule, parseSchedule } from './schedule.js'
export { parseFieldSelector, parseLabelSelector, selectorFromObject } from './selector.js'
export { applyDefaults, validate, validateUpdate } from './strategy.js'
export { customKinds } from './structural/kind.js'
/** TypeScript types of every built-in kind, made from the field table (`core/kinds/types.ts` is generated). */
export type * from './types.js'
export {
  attachmentName,
  awaitsDefaultClass,
  bindCompleted,
  bindsWithPod,
  boundByController,
  defaultStorageClass,
  ephemeralClaimName,
  isVolumeOfClaim,
  matchVolume,
  offerOf,
  offersTo,
  reachesVolume,
  selectedNode,
  sizeOfClaim,
  sizeOfVolume,
  storageClassOf,
  type VolumeChoice,
  volumeMismatch,
} from './volume-match.js'

// ---------------------------------------------------------------------------------------------------------- schema

/** How the elements of a list or map belong together; from the facts of the API. */
export interface ListFacts {
  /** For server-side apply: `map` lists are keyed by `keys`. Absent: atomic. */
  readonly listType?: 'map' | 'set' | 'atomic'
  readonly keys?: readonly string[]
  /** For strategic merge patch. Absent: replaced whole. */
  readonly patch?: 'merge' | 'replace' | 'merge,retainKeys' | 'retainKeys'
  readonly mergeKey?: string
}

/** The type of a value. Types are shared and may be recursive: never walk them without an object beside. */
export type TypeSchema =
  | ObjectSchema
  | ({ readonly type: 'array'; readonly items: TypeSchema } & ListFacts)
  | { readonly type: 'map'; readonly values: TypeSchema; readonly atomic?: boolean }
  | { readonly type: 'string'; readonly values?: readonly string[] }
  | { readonly type: 'integer'; readonly bits: 32 | 64 }
  | { readonly type: 'number' | 'boolean' | 'bytes' | 'time' | 'microTime' | 'duration' | 'quantity' | 'intOrString' }
  /** An object, or something that is none: `additionalProperties` of a CRD's schema is a schema or a boolean. */
  | { readonly type: 'either'; readonly object: ObjectSchema; readonly other: TypeSchema }
  /** Anything, kept as it is: RawExtension, JSON, FieldsV1. */
  | { readonly type: 'any' }

export interface ObjectSchema {
  readonly type: 'object'
  /** "core.v1.Container"; unique. */
  readonly name: string
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** Replaced whole by server-side apply. */
  readonly atomic?: boolean
}
export interface FieldSchema {
  readonly schema: TypeSchema
  readonly required: boolean
  /** Protobuf field number; 0 where the type is never sent as protobuf. */
  readonly number: number
  /** Protobuf only: the numbers of the messages that the field lies in, outermost first, where JSON shows it inlined. */
  readonly nested?: readonly number[]
  readonly retainKeys?: boolean
  /** '', 0, false and what is empty mean "absent" here, as they do to clients in Go: decoding drops them. Elsewhere they are values. */
  readonly omitZero?: boolean
  /** Filled in by `applyDefaults` where the field is absent. */
  readonly default?: string | number | boolean
  /** Decoding makes an empty object where the field is absent: every stored object of a kind with a spec has one. */
  readonly always?: boolean
}

// ------------------------------------------------------------------------------------------------------------ kinds

export interface GroupVersionKind {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
}
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export interface Subresource {
  readonly name: string
  readonly verbs: readonly Verb[]
  /** Where it is not the kind itself: Scale, Binding, Eviction, TokenRequest, … */
  readonly kind?: GroupVersionKind
  /** Of a custom resource's `scale`: where its numbers lie. */
  readonly scale?: ScalePaths
}
/** Names of fields from the root on: ["spec", "replicas"]. */
export interface ScalePaths {
  readonly specReplicas: readonly string[]
  readonly statusReplicas: readonly string[]
  /** A selector as text. */
  readonly labelSelector?: readonly string[]
}

/** A resource that the API serves. Immutable; a change registers a new one. */
export interface ResourceKind extends GroupVersionKind {
  /** "v1" or "apps/v1". */
  readonly apiVersion: string
  /** Plural, lower case: the part of the URL and the key. */
  readonly resource: string
  readonly singular: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Of what is not stored only create (reviews), or get and list where it has a `source`. */
  readonly verbs: readonly Verb[]
  readonly stored: boolean
  readonly subresources: ReadonlyMap<string, Subresource>
  readonly schema: ObjectSchema
  /** A `status` subresource exists: writes to the one ignore the other. */
  readonly hasStatus: boolean
  /** metadata.generation counts, and these say when: see kubernetes-api.md, section 9. */
  readonly generation: 'none' | 'spec' | 'spec-and-annotations' | 'non-metadata'
  /** PUT with an empty resourceVersion is allowed. */
  readonly unconditionalUpdate: boolean
  /** PUT on a missing name creates. */
  readonly createOnUpdate: boolean
  /** DELETE answers with the object rather than a Status. */
  readonly deleteReturnsObject: boolean
  readonly defaultPropagation: 'Background' | 'Orphan'
  /** Field selectors beyond metadata.name and metadata.namespace: label → value as text. */
  readonly selectableFields: ReadonlyMap<string, (object: KubeObject) => string>
  /** `go`: in its JSON strings have the escapes of Go's encoder, for clients that compare bytes. Absent: as few as may be. */
  readonly escapes?: 'go'
  /** Hand-written behaviour; absent parts mean "nothing besides the schema". */
  readonly strategy: Strategy
  /** Of a kind that is not stored: who makes its objects when somebody asks for them. */
  readonly source?: ObjectSource
  /** How a table shows it, where the kind brings that along (printer columns of custom resources). */
  readonly table?: TablePrinter
  /** Of a kind that users defined; absent for those that are built in. */
  readonly custom?: CustomFacts
}

/**
 * Makes the objects of a kind that is not stored. Asked by the API room for each get and list, once the user may; both
 * may be called concurrently. Objects are complete (apiVersion, kind, metadata) and handed over: they get frozen. A
 * refusal is an `ApiError`. There are neither watches nor versions of them.
 */
export interface ObjectSource {
  /** Undefined: there is none of the name, which becomes a 404. */
  get(namespace: string, name: string, signal: AbortSignal | undefined): Promise<KubeObject | undefined>
  /** In any order. What does not match the selection is left out behind it: it is there to save work. */
  list(selection: SourceSelection, signal: AbortSignal | undefined): Promise<readonly KubeObject[]>
}
export interface SourceSelection {
  /** Absent: all namespaces. */
  readonly namespace?: string
  readonly labels?: Selector
  readonly fields?: FieldSelector
}

/** What a kind has besides that stands in a CustomResourceDefinition. */
export interface CustomFacts {
  /** Its JSON schema, for OpenAPI documents. */
  readonly schema: object
  /** The apiVersion that objects are written in. In the store may lie others, of a time when another was. */
  readonly storageVersion: string
  /** The definition is being deleted: nothing new may be created. */
  readonly terminating: boolean
  /** A warning that goes with each reply, for a version that is to be given up. */
  readonly deprecation?: string
  /**
   * Objects of any version of the resource, none of them of `apiVersion`, in `apiVersion`; in their order. Called by the
   * API room whenever it shows or stores one in another version than it is of. Absent: versions differ in their
   * apiVersion alone. Rejects with an `ApiError`.
   */
  convert?(objects: readonly KubeObject[], apiVersion: string): Promise<readonly KubeObject[]>
  /**
   * An object of this kind as its schema has it now: pruned, with defaults, also those that were added after it was
   * stored. The argument may be frozen; where nothing changes it is the answer.
   */
  settle(object: KubeObject): KubeObject
}

/** A problem at a path, as it stands in `Status.details.causes`. */
export interface FieldError {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueNotFound'
    | 'FieldValueTypeInvalid'
  /** "spec.containers[0].image". */
  readonly field: string
  /** As Kubernetes prints it: `Required value`, `Invalid value: "x": must be …`. */
  readonly message: string
}

/** All are synchronous and pure but for the object they are told to change. */
export interface Strategy {
  /** Stands in for decoding by the kind's schema: a custom resource is pruned by its own, and its types are checked later. */
  decode?(input: unknown, options: DecodeOptions): Decoded
  /** Fills in defaults, changing `object`. Runs on every decode, on write and on read: must be idempotent. */
  defaults?(object: KubeObject): void
  /**
   * Before a create is validated and stored, after defaults and with metadata.name and uid set: sets what the server owns
   * (phase, qosClass, labels of selectors). Changes `object`.
   */
  prepareCreate?(object: KubeObject): void
  /**
   * Before an update of the object itself is validated and stored: carries over what the client may not change. Changes
   * `object`, never `old`.
   */
  prepareUpdate?(object: KubeObject, old: KubeObject): void
  /** The same for an update through `status`. `now`: RFC 3339, in seconds. */
  prepareStatusUpdate?(object: KubeObject, old: KubeObject, now: string): void
  /** Beyond schema and metadata. `old` is the object before an update: what is as it was may be left alone. */
  validate?(object: KubeObject, old?: KubeObject): FieldError[]
  /** `subresource` is the way in: `ephemeralcontainers`, `scale`, `finalize`, …; absent for the object itself. Never `status`. */
  validateUpdate?(object: KubeObject, old: KubeObject, subresource?: string): FieldError[]
  validateStatusUpdate?(object: KubeObject, old: KubeObject): FieldError[]
  /** Words of advice that go with the reply of a create, or of an update of the object itself, about what is sound but unwise. */
  warnings?(object: KubeObject, old?: KubeObject): readonly string[]
}

/** The kinds that are served now. Kinds come and go at run time. */
export interface KindRegistry {
  /** By URL parts. */
  resource(group: string, version: string, resource: string): ResourceKind | undefined
  /** By what stands in an object: ("apps/v1", "Deployment"). */
  kind(apiVersion: string, kind: string): ResourceKind | undefined
  /** By plural, singular, short name or kind in any case, with or without ".group": what a user types. First match in discovery order. */
  find(name: string): ResourceKind | undefined
  /** Group versions in discovery order: core first, then as Kubernetes orders them; kinds by resource. */
  all(): readonly ResourceKind[]
  /** Adds a kind, or replaces the one of the same group, version and resource. Returns the function that removes it. */
  register(kind: ResourceKind): () => void
  onChange(listener: () => void): () => void
}

// ---------------------------------------------------------------------------------------------------- decode, check

export interface DecodeOptions {
  /** What to do about unknown and duplicate fields: list them as `strict` findings, or drop them in silence. */
  readonly unknownFields: 'report' | 'drop'
}
/**
 * `object` is a fresh, unfrozen tree of the kind's shape: unknown fields pruned, canonical quantities and times, nulls
 * dropped where they mean "absent", defaults not yet applied. `errors` are values of a wrong type (HTTP 400).
 * `strict` lists what strict field validation refuses: `unknown field "spec.x"`.
 */
export interface Decoded {
  readonly object: KubeObject
  readonly errors: readonly FieldError[]
  readonly strict: readonly string[]
}

// -------------------------------------------------------------------------------------------------------- selectors

export interface Selector {
  /** True for a selector without requirements: everything matches. */
  readonly everything: boolean
  readonly text: string
  /** Labels, with their values, that all that it matches have: whoever keeps an index finds candidates by any of them. */
  readonly exact: readonly (readonly [name: string, value: string])[]
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
}
export interface FieldSelector {
  readonly everything: boolean
  readonly text: string
  matches(object: KubeObject): boolean
  /** The exact name that a match must have, where the selector says one. Lets a list become a get. */
  readonly name?: string
}
/** Text that cannot be parsed answers `{ error }`, with a message for the user; never throws. */
export type Parsed<T> = { readonly value: T; readonly error?: undefined } | { readonly error: string; readonly value?: undefined }
export type { LabelSelectorSpec }

// ---------------------------------------------------------------------------------------------------------- patches

/** `invalid` (400): the patch itself is malformed. `failed` (422): it does not apply to this object. */
export type PatchResult =
  | { readonly ok: true; readonly object: KubeObject }
  | { readonly ok: false; readonly kind: 'invalid' | 'failed'; readonly message: string }

// ------------------------------------------------------------------------------------------------------------ tables

export interface TableColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format: string
  readonly description: string
  /** 0 always, 1 only wide. */
  readonly priority: number
}

/** `row` answers one cell per column, at a moment in milliseconds since 1970. Pure. */
export interface TablePrinter {
  readonly columns: readonly TableColumn[]
  row(object: KubeObject, now: number): TableCell[]
}
/** Null where there is nothing to show. */
export type TableCell = string | number | bigint | boolean | null
