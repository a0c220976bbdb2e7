/**
 * Patterns of schemas are regular expressions of RE2: they are matched in linear time, whatever users write and send,
 * which JavaScript's own are not.
 */
import { createRequire } from 'node:module'

export interface Pattern {
  matches(text: string): boolean
}
interface Re2 {
  readonly RE2JS: { compile(pattern: string): { matcher(text: string): { find(): boolean } } }
}

let library: Re2 | undefined
const patterns = new Map<string, Pattern | string>()
/** Definitions come and go; what is forgotten is compiled anew. */
const mostPatterns = 4096

/** A text where the pattern cannot be read: why. The library is loaded with the first pattern. */
export function patternOf(source: string): Pattern | string {
  const known = patterns.get(source)
  if (known !== undefined) return known
  if (patterns.size >= mostPatterns) patterns.clear()
  const made = compile(source)
  patterns.set(source, made)
  return made
}

function compile(source: string): Pattern | string {
  library ??= load()
  try {
    const compiled = library.RE2JS.compile(source)
    return { matches: (text) => compiled.matcher(text).find() }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Validation is synchronous, and so must be the loading of what it needs. */
function load(): Re2 {
  const require = createRequire(import.meta.url)
  return require('re2js') as Re2
}
