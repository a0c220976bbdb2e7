/** What of a Pod a standard forbids. Pure. */
import { baselineChecks, capabilities, hostPathVolumes, seccompSet } from './baseline.js'
import type { Check, Subject, Violation } from './check.js'
import type { Standard } from './policy.js'
import { restrictedChecks } from './restricted.js'

/** Told by the restricted level's own check, from the minor on in which that begins. */
const overridden: ReadonlyMap<Check, number> = new Map([
  [capabilities, 22],
  [hostPathVolumes, 0],
  [seccompSet, 19],
])

export function evaluate({ level, minor }: Standard, subject: Subject): readonly Violation[] {
  if (level === 'privileged') return []
  const restricted = level === 'restricted'
  const baseline = restricted ? baselineChecks.filter((check) => !isOverridden(check, minor)) : baselineChecks
  const checks = restricted ? [...baseline, ...restrictedChecks] : baseline
  return checks.flatMap((check) => (minor >= check.since ? (check.find(subject, minor) ?? []) : []))
}

export function detailText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
}

export function reasonText(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ')
}

function isOverridden(check: Check, minor: number): boolean {
  const since = overridden.get(check)
  return since !== undefined && minor >= since
}
