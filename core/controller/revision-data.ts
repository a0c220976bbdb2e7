/** What a ControllerRevision holds: a Pod template as the strategic merge patch that puts it back. */
import type { ControllerRevision, PodTemplateSpec } from '../kinds/contract.js'

type Tree = Readonly<Record<string, unknown>>

const replaced = { $patch: 'replace' }

/**
 * Clients written in Go make the same text of the template they read and compare it byte by byte: keys in order, and
 * with what their types always print. That their strings have the escapes of Go says the
 * table of kinds: here data are values. Names are made of a hash of our own, which no client reads anything from.
 */
export function revisionData(template: PodTemplateSpec): Tree {
  return sorted({ spec: { template: { ...asGoPrints(template, 'template'), ...replaced } } }) as Tree
}

export function revisionTemplate({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _patch, ...template } = (data as { spec?: { template?: Tree } } | undefined)?.spec?.template ?? {}
  return template as PodTemplateSpec
}

const texts = new WeakMap<object, string>()

/** The order of keys does not matter: whoever restored a backup may have another. What is frozen is read only once. */
export function revisionText(data: unknown): string {
  if (typeof data !== 'object' || data === null || !Object.isFrozen(data)) return JSON.stringify(sorted(data)) ?? ''
  const text = texts.get(data) ?? JSON.stringify(sorted(data))
  texts.set(data, text)
  return text
}

function asGoPrints(value: object, name: string): Tree {
  const fields = Object.entries(value).filter(([, field]) => says(field))
  const own = Object.fromEntries(fields.map(([key, field]) => [key, printed(field, key)]))
  if (withResources.has(name)) return { resources: {}, ...own }
  if (name === 'resourceFieldRef') return { divisor: '0', ...own }
  if (name === 'template') return { ...own, metadata: { creationTimestamp: null, ...tree(own.metadata) } }
  if (name !== 'volumeClaimTemplate') return own
  return { metadata: { creationTimestamp: null, ...tree(own.metadata) }, spec: { resources: {}, ...tree(own.spec) } }
}

function printed(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((element) => printed(element, name))
  return typeof value === 'object' && value !== null ? asGoPrints(value, name) : value
}

/** Structs of Go that are no pointers are printed also when they are empty: these have such `resources`. */
const withResources = new Set(['containers', 'initContainers', 'ephemeralContainers'])

function tree(value: unknown): Tree {
  return (value ?? {}) as Tree
}

function says(field: unknown): boolean {
  return field !== undefined && field !== null && !(Array.isArray(field) && field.length === 0)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  )
}
