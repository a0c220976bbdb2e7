/** What the tests of strategies share: a manifest goes the way of a create, or of an update, and the findings come back as text. */
import { assert } from '@davit/core/testing'
import { applyDefaults, createRegistry, decode, type FieldError, type KubeObject, validate, validateUpdate } from '../contract.js'

const registry = createRegistry()

export function kindOf(object: { apiVersion: string; kind: string }) {
  const kind = registry.kind(object.apiVersion, object.kind)
  assert.ok(kind, `${object.apiVersion} ${object.kind} is served`)
  if (kind === undefined) throw new Error('unreachable')
  return kind
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: object
  readonly [field: string]: unknown
}

/** Decoded and with defaults; defaulting once more must change nothing. */
export function defaulted(manifest: Manifest): KubeObject {
  const kind = kindOf(manifest)
  const { object, errors } = decode(kind, structuredClone({ metadata: { name: 'x' }, ...manifest }), { unknownFields: 'report' })
  assert.equal(errors, [])
  applyDefaults(kind, object)
  const once = structuredClone(object)
  applyDefaults(kind, object)
  assert.equal(object, once, 'defaults are idempotent')
  return object
}

/** As the API makes it: with a name, a uid and what the server owns. */
export function created(manifest: Manifest): KubeObject {
  const kind = kindOf(manifest)
  const object = defaulted(manifest)
  object.metadata.uid ??= 'uid-1'
  if (kind.namespaced) object.metadata.namespace ??= 'default'
  if (kind.hasStatus && kind.kind !== 'Node') delete object.status
  kind.strategy.prepareCreate?.(object)
  const settled = structuredClone(object)
  applyDefaults(kind, object)
  assert.equal(object, settled, 'what is stored has its defaults')
  return object
}

const asText = ({ field, message }: FieldError): string => `${field}: ${message}`

export function findings(manifest: Manifest): string[] {
  return validate(kindOf(manifest), created(manifest)).map(asText)
}

/** The findings of a PUT. `change` gets a copy of the stored object. */
export function updateFindings(manifest: Manifest, change: (object: KubeObject) => void, subresource?: string): string[] {
  return updated(manifest, change, subresource).findings
}

export function updated(
  manifest: Manifest,
  change: (object: KubeObject) => void,
  subresource?: string,
): { object: KubeObject; findings: string[] } {
  const kind = kindOf(manifest)
  const old = freeze(created(manifest))
  const object = structuredClone(old)
  change(object)
  applyDefaults(kind, object)
  if (subresource === undefined) kind.strategy.prepareUpdate?.(object, old)
  return { object, findings: validateUpdate(kind, object, old, subresource).map(asText) }
}

export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}

export function spec(object: KubeObject): Record<string, unknown> {
  return object.spec as Record<string, unknown>
}
