import type { OutgoingHttpHeaders } from 'node:http'

/** The header `Warning`, by which the server talks to users past their programs. */

const longest = 256
const longestTogether = 4096

export function warningHeaders(warnings: readonly string[]): OutgoingHttpHeaders | undefined {
  const values = warningValues(warnings)
  // Node's type knows one warning only; both protocols send a list as one header each.
  return values.length === 0 ? undefined : { Warning: values }
}

/** One value for each warning: `299 - "text"`. What would make the header too long is cut. */
export function warningValues(warnings: readonly string[]): string[] {
  const values: string[] = []
  let together = 0
  for (const warning of new Set(warnings)) {
    const value = `299 - "${quoted(warnings.length > 1 ? warning.slice(0, longest) : warning.slice(0, longestTogether / 2))}"`
    together += value.length
    if (together > longestTogether) break
    values.push(value)
  }
  return values
}

function quoted(text: string): string {
  return [...text].map(inHeader).join('')
}
function inHeader(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return character >= ' ' && character <= '~' ? character : '?'
}
