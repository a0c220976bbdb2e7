/** YAML as go-yaml reads and writes it. Loaded on first use: few clients send or ask for it. */
import { type ParseOptions, parse, type ScalarTag, stringify, type Tags } from 'yaml'

const limits = { maxAliasCount: 100 }
const goYaml = {
  version: '1.1',
  schema: 'yaml-1.1',
  merge: true,
  // Dates and times of day stay strings.
  customTags: (tags: Tags) => tags.filter((tag) => !isTime(tag)),
} as const satisfies ParseOptions & Record<string, unknown>

export function parseYaml(text: string): unknown {
  return parse(text, { ...goYaml, ...limits, uniqueKeys: true }) as unknown
}
export function formatYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0 })
}

function isTime(tag: Tags[number]): boolean {
  if (typeof tag === 'string') return tag === 'timestamp'
  const scalar = tag as ScalarTag
  return scalar.tag === 'tag:yaml.org,2002:timestamp' || scalar.format === 'TIME'
}
