/** Reads TypeScript just well enough to look for names and imports: which text is code, which string, which comment. */

/**
 * Returns the source twice, with every line where it was: `code` without comments, and `bare` without what stands in
 * strings, templates and regular expressions either.
 */
export function splitSource(source) {
  const state = { source, at: 0, code: '', bare: '', last: '' }
  readCode(state, undefined)
  return { code: state.code, bare: state.bare }
}

/** Every module that the code names in an import, an export or a require, with its line. */
export function importsOf({ code, bare }) {
  const found = []
  const pattern = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(['"])((?:(?!\1).)*)\1/g
  for (const match of code.matchAll(pattern)) {
    // The keyword must be code: the same words inside a string are not an import.
    if (!/^(from|import|require)/.test(bare.slice(match.index, match.index + 8))) continue
    found.push({ specifier: match[2], line: lineAt(code, match.index) })
  }
  return found
}

export function lineAt(text, index) {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** Reads up to the end, or to the `}` that closes a `${` of a template. */
function readCode(state, closing) {
  let depth = 0
  while (state.at < state.source.length) {
    const char = state.source[state.at]
    const next = state.source[state.at + 1]
    if (char === '/' && next === '/') skipTo(state, endOfLine(state))
    else if (char === '/' && next === '*') skipTo(state, endOf(state, '*/', 2))
    else if (char === "'" || char === '"') readString(state, char)
    else if (char === '`') readTemplate(state)
    else if (char === '/' && startsPattern(state.last)) readPattern(state)
    else {
      if (closing && char === '}' && depth === 0) return
      if (char === '{') depth += 1
      if (char === '}') depth -= 1
      keep(state, char, char)
    }
  }
}

function keep(state, code, bare) {
  state.code += code
  state.bare += bare
  state.at += code.length
  if (/\S/.test(code)) state.last = (state.last + code).slice(-12)
  else if (code === '\n' || code === ' ') state.last = /\w$/.test(state.last) ? `${state.last} `.slice(-12) : state.last
}

function skipTo(state, end) {
  const blank = state.source.slice(state.at, end).replace(/[^\n]/g, ' ')
  state.code += blank
  state.bare += blank
  state.at = end
}

function endOfLine(state) {
  const end = state.source.indexOf('\n', state.at)
  return end === -1 ? state.source.length : end
}

function endOf(state, mark, offset) {
  const end = state.source.indexOf(mark, state.at + offset)
  return end === -1 ? state.source.length : end + mark.length
}

function readString(state, quote) {
  let end = state.at + 1
  while (end < state.source.length && state.source[end] !== quote && state.source[end] !== '\n') {
    end += state.source[end] === '\\' ? 2 : 1
  }
  const text = state.source.slice(state.at, end + 1)
  keep(state, text, quote + text.slice(1, -1).replace(/[^\n]/g, ' ') + quote)
}

function readTemplate(state) {
  keep(state, '`', '`')
  while (state.at < state.source.length) {
    const char = state.source[state.at]
    if (char === '`') return keep(state, '`', '`')
    if (char === '\\') keep(state, state.source.slice(state.at, state.at + 2), '  ')
    else if (char === '$' && state.source[state.at + 1] === '{') {
      keep(state, '${', '${')
      readCode(state, '}')
      keep(state, '}', '}')
    } else keep(state, char, char === '\n' ? '\n' : ' ')
  }
}

/** A `/` begins a regular expression where a value may stand, and divides where one has just ended. */
function startsPattern(last) {
  const text = last.trimEnd()
  return (
    text === '' || /[(,=:[!&|?{};+\-*%<>~^]$/.test(text) || /\b(return|typeof|case|in|of|do|else|void|await|yield)$/.test(text)
  )
}

function readPattern(state) {
  let end = state.at + 1
  let inClass = false
  while (end < state.source.length && state.source[end] !== '\n') {
    const char = state.source[end]
    if (char === '\\') end += 1
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) break
    end += 1
  }
  const text = state.source.slice(state.at, end + 1)
  keep(state, text, `/${' '.repeat(Math.max(0, text.length - 2))}/`)
}
