/** Rules as the refusals of Kubernetes show them. Pure. */
import type { Rule } from './rules.js'

/** Rules that differ in the verb alone become one, as a reader would write them; sorted by their text. */
export function ruleLines(rules: readonly Rule[]): string[] {
  const merged = new Map<string, Rule>()
  for (const rule of rules) {
    const { verbs, ...rest } = rule
    const key = JSON.stringify(rest)
    const known = merged.get(key)
    merged.set(key, known ? { ...rest, verbs: [...known.verbs, ...verbs] } : rule)
  }
  return [...merged.values()].map(ruleText).sort()
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function ruleText({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: Rule): string {
  const parts = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ] as const
  const shown = parts.filter(([, words]) => words !== undefined && words.length > 0)
  return `{${shown.map(([name, words]) => `${name}:${quoted(words)}`).join(', ')}}`
}

/** `["dev" "system:authenticated"]`. */
export function quoted(words: readonly string[] = []): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`
}
