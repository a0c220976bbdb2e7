/** Checks of an indexed Job: how large it may be, and that its Pods can have their names. */
import type { FieldError } from '../contract.js'
import { invalid, required } from '../field-error.js'
import { dnsLabel } from '../names.js'
import type { Job, JobSpec } from '../types.js'

const MANY = 100_000
/** With a limit per index each failed index is told apart, and the status must not grow without end. */
const FEW = 10_000

export function checkIndexed(errors: FieldError[], path: string, spec: JobSpec): void {
  if (spec.completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  atMost(errors, `${path}.parallelism`, spec.parallelism, MANY, ' when completion mode is Indexed')
  const { maxFailedIndexes, completions = 0 } = spec
  if (maxFailedIndexes !== undefined && spec.completions !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'))
  }
  atMost(errors, `${path}.maxFailedIndexes`, maxFailedIndexes, MANY, '')
  if (completions <= MANY || spec.backoffLimitPerIndex === undefined) return
  const why = ` when completions are above ${MANY} and used with backoff limit per index`
  if (maxFailedIndexes === undefined) {
    errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MANY}`))
  }
  atMost(errors, `${path}.parallelism`, spec.parallelism, FEW, why)
  atMost(errors, `${path}.maxFailedIndexes`, maxFailedIndexes, FEW, why)
}

export function checkNotIndexed(errors: FieldError[], path: string, spec: JobSpec): void {
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const) {
    if (spec[field] !== undefined) errors.push(invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode'))
  }
}

/** The name of the last Pod is the longest. */
export function checkHostnames(errors: FieldError[], { metadata, spec }: Job): void {
  if (spec.completionMode !== 'Indexed' || !spec.completions) return
  const hostname = `${metadata.name}-${spec.completions - 1}`
  if (dnsLabel(hostname) === undefined) return
  errors.push(invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${hostname}`))
}

function atMost(errors: FieldError[], field: string, value: number | undefined, limit: number, why: string): void {
  if (value !== undefined && value > limit) errors.push(invalid(field, value, `must be less than or equal to ${limit}${why}`))
}
