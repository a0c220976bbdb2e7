/** Whether the indexes that succeeded are enough for `spec.successPolicy`; pure. */
import type { Job } from '@davit/core/kinds'
import { IndexSet } from './indexes.js'
import { completionsOf } from './job.js'

/** Says by which rule; `undefined`: not yet, or there is no such policy. */
export function successMessage(job: Job, succeeded: IndexSet): string | undefined {
  const rules = job.spec.successPolicy?.rules ?? []
  const position = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount
    const wanted = IndexSet.parse(succeededIndexes, completionsOf(job))
    return succeeded.size > 0 && succeeded.overlap(wanted) >= (succeededCount ?? wanted.size)
  })
  return position < 0 ? undefined : `Matched rules at index ${position}`
}
