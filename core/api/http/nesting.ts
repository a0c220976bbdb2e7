/**
 * How deep a body is nested. All that walks an object later does so by recursion, and a stack that is all but full ends
 * the process, not the request, when V8 compiles a regular expression on it. So depth is bounded before anybody walks.
 */
import { ApiError } from '../../client/contract.js'

/** Far beyond any real object: the deepest schemas of custom resources have some fifty levels. */
export const nestingLimit = 300

/** Throws 400 where `text`, which need not be valid JSON, nests deeper than the limit. */
export function checkJsonNesting(text: string): void {
  // So many brackets and as many to close them do not fit.
  if (text.length < nestingLimit) return
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 34) at = endOfString(text, at + 1)
    else if (code === 91 || code === 123) {
      if (++depth > nestingLimit) throw tooDeep()
    } else if (code === 93 || code === 125) depth--
  }
}

const backslash = 92

/** The index of the closing quote of the string that begins at `from`, by jumps: most of a body is in strings. */
export function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash && end - slashes > from) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/** The same for what is decoded already. */
export function checkTreeNesting(tree: unknown): void {
  const open = [{ value: tree, depth: 0 }]
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { value, depth } = entry
    if (depth > nestingLimit) throw tooDeep()
    if (typeof value !== 'object' || value === null) continue
    for (const child of Object.values(value)) open.push({ value: child, depth: depth + 1 })
  }
}

export function tooDeep(): ApiError {
  return ApiError.badRequest(`the body of the request is nested deeper than ${nestingLimit} levels`)
}
