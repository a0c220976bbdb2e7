/**
 * Label and field selectors, compiled once to a chain of plain comparisons. Lists and watches ask with the same few
 * texts again and again, so parsed texts are remembered in bounded caches.
 */
import type { FieldSelector, KubeObject, LabelSelectorSpec, Parsed, ResourceKind, Selector } from './contract.js'
import { labelValue, qualifiedName } from './names.js'
import { parseRequirements, type Requirement } from './selector-text.js'

type Labels = Readonly<Record<string, string>> | undefined
type Test = (labels: Labels) => boolean

const CACHE_LIMIT = 1024

const everything: Selector = { everything: true, text: '', exact: [], matches: () => true }
const nothing: Selector = { everything: false, text: '', exact: [], matches: () => false }

const byText = new Map<string, Selector>()
const bySpec = new WeakMap<object, Selector>()
const byFieldText = new WeakMap<ResourceKind, Map<string, FieldSelector>>()

/** `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas. */
export function parseLabelSelector(text: string): Parsed<Selector> {
  if (text === '') return { value: everything }
  const known = byText.get(text)
  if (known !== undefined) return { value: known }
  const parsed = parseRequirements(text)
  if (parsed.error !== undefined) return { error: `unable to parse requirement: ${parsed.error}` }
  const compiled = compile(parsed.value)
  if (compiled.value !== undefined) keep(byText, text, compiled.value)
  return compiled
}

/**
 * From a LabelSelector, or from a plain map as a Service or ReplicationController has it. As in Kubernetes an absent
 * selector matches nothing, and an empty one everything: those two kinds mean "none" by an empty map, so ask before.
 */
export function selectorFromObject(spec: LabelSelectorSpec | Readonly<Record<string, string>> | undefined): Parsed<Selector> {
  if (spec === undefined || spec === null) return { value: nothing }
  const known = bySpec.get(spec)
  if (known !== undefined) return { value: known }
  const requirements = isLabelSelector(spec) ? fromSpec(spec) : { value: fromMap(spec) }
  if (requirements.error !== undefined) return requirements
  const compiled = compile(requirements.value)
  if (compiled.value !== undefined && isDeeplyFrozen(spec)) bySpec.set(spec, compiled.value)
  return compiled
}

/** `metadata.name=x,spec.nodeName!=y`; only fields that the kind offers. */
export function parseFieldSelector(kind: ResourceKind, text: string): Parsed<FieldSelector> {
  let cache = byFieldText.get(kind)
  if (cache === undefined) {
    cache = new Map()
    byFieldText.set(kind, cache)
  }
  const known = cache.get(text)
  if (known !== undefined) return { value: known }
  const parsed = readFieldSelector(kind, text)
  if (parsed.value !== undefined) keep(cache, text, parsed.value)
  return parsed
}

function keep<T>(cache: Map<string, T>, text: string, value: T): void {
  if (cache.size >= CACHE_LIMIT) cache.clear()
  cache.set(text, value)
}

// ------------------------------------------------------------------------------------------------------------ labels

function isLabelSelector(spec: object): spec is LabelSelectorSpec {
  const { matchLabels, matchExpressions } = spec as { matchLabels?: unknown; matchExpressions?: unknown }
  return (typeof matchLabels === 'object' && matchLabels !== null) || Array.isArray(matchExpressions)
}

function isDeeplyFrozen(value: object): boolean {
  if (!Object.isFrozen(value)) return false
  return Object.values(value).every((child) => typeof child !== 'object' || child === null || isDeeplyFrozen(child))
}

function fromMap(map: Readonly<Record<string, string>>): Requirement[] {
  return Object.entries(map).map(([key, value]) => ({ key, operator: '=', values: [value] }))
}

const OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

function fromSpec(spec: LabelSelectorSpec): Parsed<Requirement[]> {
  const requirements = fromMap(spec.matchLabels ?? {})
  for (const { key, operator, values } of spec.matchExpressions ?? []) {
    const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
    if (known === undefined) return { error: `"${operator}" is not a valid label selector operator` }
    requirements.push({ key, operator: known, values: values ?? [] })
  }
  return { value: requirements }
}

function compile(requirements: readonly Requirement[]): Parsed<Selector> {
  for (const requirement of requirements) {
    const problem = checkRequirement(requirement)
    if (problem !== undefined) return { error: problem }
  }
  if (requirements.length === 0) return { value: everything }
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const tests = sorted.map(testOf)
  const text = sorted.map(textOf).join(',')
  const exact = sorted.filter(isExact).map(({ key, values }) => [key, values[0] ?? ''] as const)
  const [first, second] = tests
  if (first !== undefined && second === undefined) return { value: { everything: false, text, exact, matches: first } }
  return { value: { everything: false, text, exact, matches: (labels) => tests.every((test) => test(labels)) } }
}

function isExact({ operator, values }: Requirement): boolean {
  return operator === '=' || operator === '==' || (operator === 'in' && values.length === 1)
}

function checkRequirement({ key, operator, values }: Requirement): string | undefined {
  const badKey = qualifiedName(key)
  if (badKey !== undefined) return `key: Invalid value: ${JSON.stringify(key)}: ${badKey}`
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    return "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    return 'values: Invalid value: values set must be empty for exists and does not exist'
  }
  if ((operator === '>' || operator === '<') && !/^-?\d+$/.test(values[0] ?? '')) {
    return `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`
  }
  for (const [index, value] of values.entries()) {
    const badValue = operator === '>' || operator === '<' ? undefined : labelValue(value)
    if (badValue !== undefined) return `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${badValue}`
  }
  return undefined
}

function testOf({ key, operator, values }: Requirement): Test {
  const [value = ''] = values
  const set = new Set(values)
  const read = (labels: Labels) => (labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined)
  switch (operator) {
    case '=':
    case '==':
      return (labels) => read(labels) === value
    case '!=':
      return (labels) => read(labels) !== value
    case 'in':
      return (labels) => {
        const present = read(labels)
        return present !== undefined && set.has(present)
      }
    case 'notin':
      return (labels) => {
        const present = read(labels)
        return present === undefined || !set.has(present)
      }
    case 'exists':
      return (labels) => read(labels) !== undefined
    case '!':
      return (labels) => read(labels) === undefined
    case '>':
    case '<':
      return (labels) => compareInteger(read(labels), operator, BigInt(value))
  }
}

function compareInteger(present: string | undefined, operator: '>' | '<', bound: bigint): boolean {
  if (present === undefined || !/^-?\d+$/.test(present)) return false
  return operator === '>' ? BigInt(present) > bound : BigInt(present) < bound
}

function textOf({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${[...new Set(values)].sort().join(',')})`
    default:
      return `${key}${operator}${values[0] ?? ''}`
  }
}

// ------------------------------------------------------------------------------------------------------------ fields

type Read = (object: KubeObject) => string

function readFieldSelector(kind: ResourceKind, text: string): Parsed<FieldSelector> {
  const tests: ((object: KubeObject) => boolean)[] = []
  let name: string | undefined
  for (const term of splitTerms(text)) {
    if (term === '') continue
    const parts = splitTerm(term)
    if (parts === undefined) return { error: `invalid selector: '${text}'; can't understand '${term}'` }
    const read = readerOf(kind, parts.field)
    if (read === undefined) return { error: `field label not supported: ${parts.field}` }
    const value = unescapeValue(parts.value)
    if (value === undefined) return { error: `invalid field selector: invalid escape sequence in '${term}'` }
    if (parts.equal && parts.field === 'metadata.name') name = value
    tests.push(parts.equal ? (object) => read(object) === value : (object) => read(object) !== value)
  }
  if (tests.length === 0) return { value: { everything: true, text, matches: () => true } }
  const matches = (object: KubeObject) => tests.every((test) => test(object))
  return { value: { everything: false, text, matches, ...(name === undefined ? {} : { name }) } }
}

function readerOf(kind: ResourceKind, field: string): Read | undefined {
  if (field === 'metadata.name') return (object) => object.metadata?.name ?? ''
  if (field === 'metadata.namespace' && kind.namespaced) return (object) => object.metadata?.namespace ?? ''
  return kind.selectableFields.get(field)
}

/** Splits at commas, but not at escaped ones. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      terms.push(text.slice(start, index))
      start = index + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function splitTerm(term: string): { field: string; value: string; equal: boolean } | undefined {
  const at = term.search(/[!=]/)
  if (at < 0) return undefined
  const field = term.slice(0, at)
  if (term.startsWith('!=', at)) return { field, value: term.slice(at + 2), equal: false }
  if (term.startsWith('==', at)) return { field, value: term.slice(at + 2), equal: true }
  if (term[at] === '=') return { field, value: term.slice(at + 1), equal: true }
  return undefined
}

/** `\\`, `\,` and `\=` stand for themselves; any other use of the three is a mistake. */
function unescapeValue(text: string): string | undefined {
  let result = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ''
    if (character === '\\') {
      const next = text[++index]
      if (next !== '\\' && next !== ',' && next !== '=') return undefined
      result += next
    } else if (character === '=' || character === ',') return undefined
    else result += character
  }
  return result
}
