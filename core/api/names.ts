/** Names from a URL, checked before they become keys of the store. */
import { ApiError } from '../client/contract.js'
import type { ApiRequest } from './contract.js'

const printable = /^[!-~]+$/

/** Refuses (400) a name or namespace that could not be one path segment. Empty ones are the caller's business. */
export function checkPath(request: ApiRequest): void {
  if (request.name !== '') check('Name', request.name)
  if (request.namespace !== '') check('Namespace', request.namespace)
}

function check(what: string, value: string): void {
  const problem = segmentProblem(value)
  if (problem !== undefined) throw ApiError.badRequest(`${what} parameter invalid: ${JSON.stringify(value)}: ${problem}`)
}

/** Why `value` cannot be one segment of a key, or undefined. */
export function segmentProblem(value: string): string | undefined {
  if (value === '.' || value === '..') return `may not be '${value}'`
  if (value.includes('/')) return "may not contain '/'"
  if (value.includes('%')) return "may not contain '%'"
  if (!printable.test(value)) return 'may only contain printable ASCII characters'
  if (value.length > 253) return 'may not be longer than 253 characters'
  return undefined
}
