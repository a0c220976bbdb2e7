/** What a new standard would forbid of the Pods that are there: told to who sets it, and changes nothing. */
import type { Clock } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'
import { evaluate, reasonText } from './evaluate.js'
import { type Standard, standardText } from './policy.js'

const mostPods = 3000
const longestMs = 1000

export function existingWarnings(namespace: string, standard: Standard, pods: readonly Pod[], clock: Clock): string[] {
  const found = new Map<string, string[]>()
  const end = clock.monotonic() + longestMs
  let checked = 0
  for (const pod of pods.slice(0, mostPods)) {
    const text = reasonText(evaluate(standard, pod))
    if (text !== '') found.set(text, [...(found.get(text) ?? []), pod.metadata.name])
    checked += 1
    if (clock.monotonic() > end) break
  }
  const warnings: string[] = []
  if (checked < pods.length) {
    warnings.push(`new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`)
  }
  if (found.size > 0) {
    warnings.push(
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${standardText(standard)}"`,
    )
  }
  return [...warnings, ...[...found].map(([text, names]) => `${whose(names)}: ${text}`).sort()]
}

function whose(names: readonly string[]): string {
  const [first = ''] = [...names].sort()
  if (names.length === 1) return first
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`
}
