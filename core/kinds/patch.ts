/**
 * The three patches that change an object in place of its client: JSON patch, merge patch and (in `smp.ts`) strategic
 * merge patch. `current` may be frozen and is never changed. The result is fresh along the changed paths and shares the
 * rest with `current` and with the patch, so a caller that goes on to change it must copy it first.
 */
import type { KubeObject, ObjectSchema, PatchResult } from './contract.js'
import { applyOperations } from './json-patch.js'
import { mergeStrategically } from './smp.js'

/** More than JSON written by people or programs ever nests; keeps recursion far from the end of the stack. */
const DEPTH_LIMIT = 512

/** RFC 6902. At most 10,000 operations. */
export function jsonPatch(current: KubeObject, operations: unknown): PatchResult {
  if (!Array.isArray(operations)) return invalid('a JSON patch must be an array of operations')
  return checkForm(operations) ?? applyOperations(current, operations)
}

/** RFC 7396: null deletes, objects are merged, everything else is replaced. */
export function mergePatch(current: KubeObject, patch: unknown): PatchResult {
  if (!isObject(patch)) return invalid('a merge patch of an object must be an object')
  return checkForm(patch) ?? { ok: true, object: mergeInto(current, patch) as KubeObject }
}

/** As Kubernetes merges: lists by the merge keys of the schema, with directives. Built-in kinds only. */
export function strategicMergePatch(schema: ObjectSchema, current: KubeObject, patch: unknown): PatchResult {
  if (!isObject(patch)) return invalid('a strategic merge patch must be an object')
  return checkForm(patch) ?? mergeStrategically(schema, current, patch)
}

function invalid(message: string): PatchResult {
  return { ok: false, kind: 'invalid', message }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mergeInto(target: unknown, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = isObject(value) ? mergeInto(result[key], value) : value
  }
  return result
}

/** What is wrong with the form of a configuration that is to be applied; undefined where it can be walked without care. */
export function configurationProblem(config: unknown): string | undefined {
  const problem = checkForm(config)
  return problem?.ok === false ? problem.message : undefined
}

/** Refuses what could reach a prototype or exhaust the stack; what passes can be walked without care. */
function checkForm(value: unknown, depth = 0): PatchResult | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > DEPTH_LIMIT) return invalid(`the patch nests deeper than ${DEPTH_LIMIT} levels`)
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return invalid('"__proto__" is no field name')
  for (const child of Object.values(value)) {
    const problem = checkForm(child, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
