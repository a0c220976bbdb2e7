/**
 * Finds keys that stand twice in one JSON object, which JSON.parse passes over in silence. One pass over the text without
 * building values; called only where a client asked for strict field validation or warnings.
 */
import { endOfString } from './json-text.js'

const quote = 34
const comma = 44
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93

interface Level {
  /** Absent in a list. */
  readonly keys?: Set<string>
  key: string
  index: number
}

/** Paths of the duplicates in `text`, which must be valid JSON: `["spec.replicas", "spec.containers[1].name"]`. */
export function duplicateFields(text: string): string[] {
  const found: string[] = []
  const levels: Level[] = []
  let level: Level | undefined
  let expectKey = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at + 1)
      if (expectKey && level?.keys) {
        const key = keyText(text, at, end)
        if (level.keys.has(key)) found.push(pathOf(levels, key))
        level.keys.add(key)
        level.key = key
        expectKey = false
      }
      at = end
    } else if (code === openBrace || code === openBracket) {
      level = code === openBrace ? { keys: new Set(), key: '', index: 0 } : { key: '', index: 0 }
      levels.push(level)
      expectKey = code === openBrace
    } else if (code === closeBrace || code === closeBracket) {
      levels.pop()
      level = levels.at(-1)
      expectKey = false
    } else if (code === comma && level) {
      if (level.keys) expectKey = true
      else level.index++
    }
  }
  return found
}

function keyText(text: string, open: number, close: number): string {
  const raw = text.slice(open + 1, close)
  return raw.includes('\\') ? (JSON.parse(text.slice(open, close + 1)) as string) : raw
}

function pathOf(levels: readonly Level[], key: string): string {
  let path = ''
  for (const level of levels.slice(0, -1)) path += level.keys ? `.${level.key}` : `[${level.index}]`
  return `${path}.${key}`.replace(/^\./, '')
}
