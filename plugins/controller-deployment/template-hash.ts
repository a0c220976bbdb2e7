/** When two Pod templates are the same, and the short name of one. */
import { shortHash } from '@davit/core/controller'
import type { PodTemplateSpec } from '@davit/core/kinds'

export const hashLabel = 'pod-template-hash'

const texts = new WeakMap<object, string>()

export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return templateText(a) === templateText(b)
}

export function templateHash(template: PodTemplateSpec | undefined, collisions = 0): string {
  return shortHash(templateText(template), collisions)
}

/**
 * Canonical JSON: keys in order, without the label that is made of it, and without what says nothing (empty lists,
 * empty labels and annotations), which may come and go with the client that wrote the template.
 */
export function templateText(template: PodTemplateSpec | undefined): string {
  if (!template) return '{}'
  const known = Object.isFrozen(template) ? texts.get(template) : undefined
  if (known !== undefined) return known
  const { labels = {}, annotations = {}, ...metadata } = template.metadata ?? {}
  const { [hashLabel]: _hash, ...ownLabels } = labels
  const maps = { ...(hasFields(ownLabels) && { labels: ownLabels }), ...(hasFields(annotations) && { annotations }) }
  const text = canonical({ ...template, metadata: { ...metadata, ...maps } })
  if (Object.isFrozen(template)) texts.set(template, text)
  return text
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined && field !== null && !(Array.isArray(field) && field.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}

function hasFields(map: object): boolean {
  return Object.keys(map).length > 0
}
