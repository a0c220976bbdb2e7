/** Regular expressions of RE2, which take a time in proportion to the text, whatever the pattern. */
import { RE2JS } from 're2js'
import { spend } from './budget.js'
import { failure } from './library.js'
import type { Registrar } from './registrar.js'

const compiled = new Map<string, RE2JS>()
const kept = 256

export function registerRegex({ method }: Registrar): void {
  method('string.matches(string): bool', (text: string, pattern: string) => match(text, pattern).find())
  method('string.find(string): string', (text: string, pattern: string) => {
    const found = match(text, pattern)
    return found.find() ? (found.group() ?? '') : ''
  })
  method('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern, -1n))
  method('string.findAll(string, int): list<string>', findAll)
}

function match(text: string, pattern: string): ReturnType<RE2JS['matcher']> {
  spend(((text.length + 1) / 10) * Math.max(1, pattern.length / 4))
  return regularExpression(pattern).matcher(text)
}

function regularExpression(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  if (known) return known
  let made: RE2JS
  try {
    made = RE2JS.compile(pattern)
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error))
  }
  if (compiled.size >= kept) compiled.clear()
  compiled.set(pattern, made)
  return made
}

function findAll(text: string, pattern: string, most: bigint): string[] {
  const found: string[] = []
  const matcher = match(text, pattern)
  while ((most < 0n || BigInt(found.length) < most) && matcher.find()) {
    spend(1)
    found.push(matcher.group() ?? '')
  }
  return found
}
