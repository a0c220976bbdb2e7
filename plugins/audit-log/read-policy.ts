/** Reads a policy file. A policy that says something else than its author thinks is worse than none: nothing is guessed. */
import { readFile } from 'node:fs/promises'
import type { AuditPolicy, AuditRule } from './policy.js'

type Tree = Readonly<Record<string, unknown>>
type Check = (value: unknown, at: string) => string | undefined

const levels = ['None', 'Metadata', 'Request', 'RequestResponse']
const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']

export async function readPolicy(path: string): Promise<AuditPolicy> {
  const { parse } = await import('yaml')
  let tree: unknown
  try {
    tree = parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new Error(`the audit policy ${path} cannot be read: ${(error as Error).message}`)
  }
  return policyOf(tree, path)
}

/** Throws with the path of the field that is wrong. */
export function policyOf(tree: unknown, path = 'policy'): AuditPolicy {
  const wrong = checkPolicy(tree)
  if (wrong) throw new Error(`the audit policy ${path} is not valid: ${wrong}`)
  const { omitStages = [], omitManagedFields = false, rules } = tree as Partial<AuditPolicy>
  return { omitStages, omitManagedFields, rules: rules ?? [] }
}

const text: Check = (value, at) => (typeof value === 'string' ? undefined : `${at} must be text`)
const flag: Check = (value, at) => (typeof value === 'boolean' ? undefined : `${at} must be true or false`)
const anything: Check = () => undefined
const oneOf =
  (words: readonly string[]): Check =>
  (value, at) =>
    words.includes(value as string) ? undefined : `${at} must be one of ${words.join(', ')}, not ${JSON.stringify(value)}`
const listOf =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} must be a list`
    return value.map((item, index) => check(item, `${at}[${index}]`)).find((wrong) => wrong !== undefined)
  }
const objectOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} must be an object`
    for (const [name, field] of Object.entries(value)) {
      if (!Object.hasOwn(fields, name)) return `${at === '' ? name : `${at}.${name}`} is not known`
      const wrong = fields[name]?.(field, at === '' ? name : `${at}.${name}`)
      if (wrong) return wrong
    }
    return undefined
  }

const rule: Check = (value, at) => {
  const wrong = objectOf({
    level: oneOf(levels),
    users: listOf(text),
    userGroups: listOf(text),
    verbs: listOf(text),
    resources: listOf(objectOf({ group: text, resources: listOf(text), resourceNames: listOf(text) })),
    namespaces: listOf(text),
    nonResourceURLs: listOf(nonResourceURL),
    omitStages: listOf(oneOf(stages)),
    omitManagedFields: flag,
  })(value, at)
  if (wrong) return wrong
  const { level, resources, namespaces, nonResourceURLs } = value as AuditRule
  if (level === undefined) return `${at}.level is required`
  if (nonResourceURLs?.length && (resources?.length || namespaces?.length)) {
    return `${at}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`
  }
  return (resources ?? []).some(({ resources: named, resourceNames }) => resourceNames?.length && !named?.length)
    ? `${at}.resources: using resourceNames requires at least one resource`
    : undefined
}

function nonResourceURL(value: unknown, at: string): string | undefined {
  if (typeof value !== 'string') return `${at} must be text`
  if (value === '*') return undefined
  if (!value.startsWith('/')) return `${at} must begin with a slash`
  return value.slice(0, -1).includes('*') ? `${at} may have a * at its end alone` : undefined
}

function checkPolicy(tree: unknown): string | undefined {
  const wrong = objectOf({
    apiVersion: oneOf(['audit.k8s.io/v1']),
    kind: oneOf(['Policy']),
    metadata: anything,
    omitStages: listOf(oneOf(stages)),
    omitManagedFields: flag,
    rules: listOf(rule),
  })(tree, '')
  if (wrong) return wrong
  const { apiVersion, kind, rules } = tree as Tree
  if (apiVersion === undefined || kind === undefined) return 'apiVersion and kind are required'
  return Array.isArray(rules) && rules.length > 0
    ? undefined
    : 'rules must hold at least one rule: without any nothing is written'
}
