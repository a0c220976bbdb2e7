import * as uvu from 'uvu/assert'

export * from 'uvu/assert'

/** A string that has `expected` in it, or a pattern that it matches. When it does not, the error shows it. */
export function match(actual: string, expected: string | RegExp, message?: string): void {
  uvu.match(actual, expected, message ?? `${JSON.stringify(actual.slice(0, 2000))} does not match ${expected}`)
}

/** What an error must be like: a part of its message, a pattern for it, its `code`, or a function that says yes. */
export type ErrorMatcher = string | RegExp | { readonly code: string } | ((error: unknown) => boolean)

/** Waits until `work` fails and returns the error; fails when it succeeds, or fails in another way than `matcher` says. */
export async function rejects(work: Promise<unknown> | (() => Promise<unknown>), matcher?: ErrorMatcher): Promise<Error> {
  let error: unknown
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (caught) {
    error = caught
  }
  if (error === undefined) uvu.unreachable('expected a rejection, but the promise was fulfilled')
  expectMatch(error, matcher)
  return error as Error
}

/** As `rejects`, for a function that throws at once. Unlike `throws` it returns the error and can match a `code`. */
export function fails(work: () => unknown, matcher?: ErrorMatcher): Error {
  let error: unknown
  try {
    work()
  } catch (caught) {
    error = caught
  }
  if (error === undefined) uvu.unreachable('expected an error, but the call returned')
  expectMatch(error, matcher)
  return error as Error
}

function expectMatch(error: unknown, matcher: ErrorMatcher | undefined): void {
  if (matcher === undefined) return
  const message = error instanceof Error ? error.message : String(error)
  if (typeof matcher === 'function') uvu.ok(matcher(error), `the error is not the expected one: ${message}`)
  else if (typeof matcher === 'string') uvu.ok(message.includes(matcher), `expected an error with "${matcher}", got: ${message}`)
  else if (matcher instanceof RegExp) match(message, matcher)
  else {
    const code = (error as { code?: unknown }).code
    uvu.is(code, matcher.code, `expected the code ${matcher.code}, got ${String(code)}: ${message}`)
  }
}
