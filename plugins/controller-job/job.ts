/** What a Job says, with the defaults of its fields. */
import type { Job, JobCondition } from '@davit/core/kinds'
import { ownName } from './names.js'

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed'
export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true
export const parallelismOf = ({ spec }: Job): number => spec.parallelism ?? 1
/** Of an indexed Job; the indexes are below it. */
export const completionsOf = ({ spec }: Job): number => spec.completions ?? 0
export const hasLimitPerIndex = (job: Job): boolean => isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined
/** A Pod on its way out is replaced when it has come to its end, and counts only then. */
export const replacesFailedOnly = ({ spec }: Job): boolean => spec.podReplacementPolicy === 'Failed'

/** Another controller may be named; then this one leaves the Job and its Pods alone. */
export function isOurs({ spec }: Job): boolean {
  return spec.managedBy === undefined || spec.managedBy === ownName
}

/** The condition of this type that holds. */
export function conditionOf({ status }: Job, type: string): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** The condition that says so. */
export function endOf(job: Job): JobCondition | undefined {
  return conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed')
}
