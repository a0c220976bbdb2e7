/** JSON paths as printer columns and the scale subresource use them: those of `kubectl -o jsonpath`, without braces. */
import { parseJson } from '../exact-json.js'
import { isJson } from './schema.js'

type Step = (values: readonly unknown[]) => unknown[]
/** All values that the path leads to, in order. */
export type JsonPath = (object: unknown) => readonly unknown[]

/** A text where the path cannot be read: why. */
export function parseJsonPath(source: string): JsonPath | string {
  const steps: Step[] = []
  let rest = source.trim()
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1)
  if (rest.startsWith('$')) rest = rest.slice(1)
  while (rest !== '') {
    const taken = nextStep(rest)
    if (typeof taken === 'string') return `${taken} in ${JSON.stringify(source)}`
    steps.push(taken.step)
    rest = rest.slice(taken.length)
  }
  return (object) => steps.reduce<readonly unknown[]>((values, step) => step(values), [object])
}

interface Taken {
  readonly step: Step
  readonly length: number
}

function nextStep(text: string): Taken | string {
  const name = /^(\.\.|\.)?((?:\\.|[^.[\]\\])+)/.exec(text)
  if (name && (name[1] !== undefined || !text.startsWith('['))) {
    const word = (name[2] ?? '').replace(/\\(.)/g, '$1')
    const step = name[1] === '..' ? descend(word) : word === '*' ? everything : member(word)
    return { step, length: name[0].length }
  }
  if (text.startsWith('[')) return bracket(text)
  if (text === '.') return { step: (values) => [...values], length: 1 }
  return `unexpected ${JSON.stringify(text.slice(0, 8))}`
}

function bracket(text: string): Taken | string {
  const end = endOfBracket(text)
  if (end < 0) return 'unterminated ['
  const inner = text.slice(1, end).trim()
  const length = end + 1
  if (inner === '*') return { step: everything, length }
  const quoted = /^(['"])(.*)\1$/.exec(inner)
  if (quoted) return { step: member(quoted[2] ?? ''), length }
  const filter = /^\?\((.*)\)$/.exec(inner)
  if (filter) return filterStep(filter[1] ?? '', length)
  const range = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inner)
  if (range) return { step: slice(range[1] ?? '', range[2] ?? '', Number(range[3] ?? 1)), length }
  const indices = inner.split(',').map((part) => part.trim())
  if (indices.every((part) => /^-?\d+$/.test(part))) return { step: elements(indices.map(Number)), length }
  return `unknown subscript [${inner}]`
}

/** Brackets and quotes inside are skipped. */
function endOfBracket(text: string): number {
  let depth = 0
  let quote = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ''
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === '[') depth++
    else if (character === ']' && --depth === 0) return index
  }
  return -1
}

const member =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isJson(value) && Object.hasOwn(value, name) ? [value[name]] : []))

const everything: Step = (values) =>
  values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))

const elements =
  (indices: readonly number[]): Step =>
  (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return []
      return indices.filter((index) => index < value.length && index >= -value.length).map((index) => value.at(index))
    })

const slice =
  (from: string, to: string, step: number): Step =>
  (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return []
      const taken = value.slice(from === '' ? 0 : Number(from), to === '' ? value.length : Number(to))
      return taken.filter((_element, index) => index % Math.max(1, step) === 0)
    })

function descend(name: string): Step {
  const find = (value: unknown): unknown[] => {
    if (typeof value !== 'object' || value === null) return []
    const own = isJson(value) && Object.hasOwn(value, name) ? [value[name]] : []
    return [...own, ...Object.values(value).flatMap(find)]
  }
  return (values) => values.flatMap(find)
}

type Compare = (left: unknown, right: unknown) => boolean
const comparisons: Readonly<Record<string, Compare>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => ordered(left, right, (a, b) => a < b),
  '<=': (left, right) => ordered(left, right, (a, b) => a <= b),
  '>': (left, right) => ordered(left, right, (a, b) => a > b),
  '>=': (left, right) => ordered(left, right, (a, b) => a >= b),
}

type Ordered = number | bigint | string
const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function ordered(left: unknown, right: unknown, compare: (a: Ordered, b: Ordered) => boolean): boolean {
  if (isNumber(left) && isNumber(right)) return compare(left, right)
  return typeof left === 'string' && typeof right === 'string' && compare(left, right)
}

/** `@.type == "Ready"`, or `@.type`: whether there is one. */
function filterStep(text: string, length: number): Taken | string {
  const parts = /^\s*(@(?:[^=!<>"']|\[(?:'[^']*'|"[^"]*")\])*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?$/.exec(text)
  if (!parts) return `unknown filter ${JSON.stringify(text)}`
  const [, path = '', operator, operand] = parts
  const read = parseJsonPath(path.slice(1))
  if (typeof read === 'string') return read
  const right = operand === undefined ? undefined : operandOf(operand)
  if (typeof right === 'string') return right
  const compare = operator === undefined ? undefined : comparisons[operator]
  const keeps = (element: unknown): boolean => {
    const [left] = read(element)
    return compare && right ? left !== undefined && compare(left, right(element)) : left !== undefined
  }
  const step: Step = (values) => values.flatMap((value) => (Array.isArray(value) ? value.filter(keeps) : []))
  return { step, length }
}

function operandOf(text: string): ((element: unknown) => unknown) | string {
  if (text.startsWith('@')) {
    const read = parseJsonPath(text.slice(1))
    return typeof read === 'string' ? read : (element) => read(element)[0]
  }
  const quoted = /^(['"])(.*)\1$/.exec(text)
  if (quoted) return () => quoted[2]
  if (text === 'true' || text === 'false') return () => text === 'true'
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = parseJson(text)
    return () => number
  }
  return `unknown value ${JSON.stringify(text)}`
}

/** The steps of a path that is names alone (`.spec.replicas`), as scale and selectable fields want it. */
export function namesOf(path: string): readonly string[] {
  return path.slice(1).split('.')
}

/** The value at a path of names, undefined where the way ends. */
export function valueAt(object: unknown, names: readonly string[]): unknown {
  let value = object
  for (const name of names) {
    if (!isJson(value)) return undefined
    value = value[name]
  }
  return value
}
