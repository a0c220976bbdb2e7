/**
 * Integers beyond what a number of JavaScript can hold. Stored as the nearest one that it can, they would come back as
 * others than were sent, so what carries one is refused.
 */
import { ApiError } from '../../client/contract.js'
import { endOfString } from './nesting.js'

/** 2^53 has sixteen digits: a text without so many in a row carries none. Most are done with here. */
const manyDigits = /\d{16}/
const number = /-?\d[\d.eE+-]*/y
/** What has more digits than an int64 is a float to Kubernetes too. */
const integer = /^-?\d{16,19}$/

/** Throws 400 for one in `text`, which must be valid JSON. */
export function checkJsonIntegers(text: string): void {
  if (!manyDigits.test(text)) return
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      at = endOfString(text, at + 1)
      continue
    }
    number.lastIndex = at
    const [literal] = number.exec(text) ?? []
    if (literal === undefined) continue
    checkInteger(literal)
    at += literal.length - 1
  }
}

/** Throws 400 where `literal` is an integer that would not come back as it is. */
export function checkInteger(literal: string): void {
  if (!integer.test(literal) || BigInt(Number(literal)) === BigInt(literal)) return
  throw ApiError.badRequest(
    `the integer ${literal} cannot be kept exactly: only those from -2^53 to 2^53 can; send it as a string where its kind allows one`,
  )
}
