/** Why an expression does not compile, in the form of Kubernetes: the place, the line, and a mark below it. */
import { withoutOwnNames } from './instrument.js'

/** What the library's errors have in common. */
interface LibraryError {
  readonly name: string
  readonly summary: string
  readonly range?: { readonly start: number }
}

export function problemOf(error: unknown, expression: string): string {
  if (!isLibraryError(error)) return `ERROR: <input>:1:1: ${error instanceof Error ? error.message : String(error)}`
  const start = Math.min(error.range?.start ?? 0, expression.length)
  // Kubernetes points at the dot before a field.
  const at = error.summary.startsWith('No such key') && expression[start - 1] === '.' ? start - 1 : start
  const before = expression.slice(0, at).split('\n')
  const column = [...(before.at(-1) ?? '')].length
  const line = expression.split('\n')[before.length - 1] ?? ''
  const place = `<input>:${before.length}:${column + 1}`
  return `ERROR: ${place}: ${worded(error)}\n | ${line}\n | ${'.'.repeat(column)}^`
}

function isLibraryError(error: unknown): error is LibraryError {
  return error instanceof Error && 'summary' in error && typeof error.summary === 'string'
}

function worded({ name, summary }: LibraryError): string {
  const text = withoutOwnNames(summary)
  if (name === 'ParseError') return `Syntax error: ${text}`
  const [, field] = /^No such key: (.*)$/s.exec(text) ?? []
  if (field !== undefined) return `undefined field '${field}'`
  const [, variable] = /^Unknown variable: (.*)$/s.exec(text) ?? []
  if (variable !== undefined) return `undeclared reference to '${variable}' (in container '')`
  const [, called, types] = /^found no matching overload for '(.*?)\((.*)\)'$/s.exec(text) ?? []
  if (called !== undefined && !text.includes('applied to')) {
    return `found no matching overload for '${called.replace(/^.*\./, '')}' applied to '(${types})'`
  }
  const [, left, operator, right] = /^no such overload: (.*) (\S+) (.*)$/s.exec(text) ?? []
  return operator === undefined ? text : `found no matching overload for '_${operator}_' applied to '(${left}, ${right})'`
}
