/** Reads the text form of a label selector into its requirements. What the words may be is checked by the caller. */
import type { Parsed } from './contract.js'

export interface Requirement {
  readonly key: string
  readonly operator: '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<'
  readonly values: readonly string[]
}

/** Words, and the signs that end them; `at` walks through `tokens`. */
interface Reader {
  readonly tokens: readonly string[]
  at: number
}

const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)\s*/y
const SIGN = /^(==|!=|[=!(),<>])$/

export function parseRequirements(text: string): Parsed<Requirement[]> {
  const reader: Reader = { tokens: tokenize(text), at: 0 }
  const requirements: Requirement[] = []
  while (reader.at < reader.tokens.length) {
    const requirement = readRequirement(reader)
    if (requirement.error !== undefined) return requirement
    requirements.push(requirement.value)
    const next = reader.tokens[reader.at]
    if (next === undefined) break
    if (next !== ',') return found(next, "',' or 'end of string'")
    reader.at++
    const after = reader.tokens[reader.at]
    if (after === undefined) return found('', "identifier after ','")
  }
  return { value: requirements }
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) tokens.push(match[1] ?? '')
  return tokens
}

function found(token: string | undefined, expected: string): { error: string } {
  return { error: `found '${token ?? ''}', expected: ${expected}` }
}

function readRequirement(reader: Reader): Parsed<Requirement> {
  const first = reader.tokens[reader.at++]
  if (first === '!') {
    const key = reader.tokens[reader.at++]
    if (key === undefined || SIGN.test(key)) return found(key, 'identifier')
    return { value: { key, operator: '!', values: [] } }
  }
  if (first === undefined || SIGN.test(first)) return found(first, "!, identifier, or 'end of string'")
  return readOperator(reader, first)
}

function readOperator(reader: Reader, key: string): Parsed<Requirement> {
  const operator = reader.tokens[reader.at]
  if (operator === undefined || operator === ',') return { value: { key, operator: 'exists', values: [] } }
  reader.at++
  switch (operator) {
    case '=':
    case '==':
    case '!=':
    case '>':
    case '<':
      return { value: { key, operator, values: [readValue(reader)] } }
    case 'in':
    case 'notin':
      return readValues(reader, key, operator)
    default:
      return found(operator, "in, notin, =, ==, !=, gt, lt, ',' or 'end of string'")
  }
}

/** A missing value is the empty one: `a=` and `a=,b`. */
function readValue(reader: Reader): string {
  const token = reader.tokens[reader.at]
  if (token === undefined || SIGN.test(token)) return ''
  reader.at++
  return token
}

function readValues(reader: Reader, key: string, operator: 'in' | 'notin'): Parsed<Requirement> {
  const open = reader.tokens[reader.at++]
  if (open !== '(') return found(open, "'('")
  const values: string[] = []
  if (reader.tokens[reader.at] === ')') {
    reader.at++
    return { value: { key, operator, values: [''] } }
  }
  for (;;) {
    values.push(readValue(reader))
    const next = reader.tokens[reader.at++]
    if (next === ')') return { value: { key, operator, values } }
    if (next !== ',') return found(next, "',', or ')'")
  }
}
