import { DavitError, type ErrorCode } from '@davit/core/kernel'

/** Of gRPC. */
export const codes = {
  cancelled: 1,
  unknown: 2,
  deadline: 4,
  notFound: 5,
  failedPrecondition: 9,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
} as const

/** etcd did not answer the call; `sent` says whether it may have got it. */
export class NoAnswer extends Error {
  readonly sent: boolean
  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, { cause })
    this.sent = sent
  }
}

/** etcd's answer to a call that it refused; undefined: it gave none. */
export function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

/** In etcd's own words. */
export function messageOf(error: unknown): string {
  const said = (error as { details?: unknown } | undefined)?.details
  return typeof said === 'string' && said !== '' ? said : error instanceof Error ? error.message : String(error)
}

const silences: readonly (number | undefined)[] = [
  undefined,
  codes.cancelled,
  codes.unknown,
  codes.deadline,
  codes.internal,
  codes.unavailable,
]
/** etcd refused the call, rather than not answered it. */
export function isAnswer(error: unknown): boolean {
  return !silences.includes(codeOf(error))
}

/**
 * etcd says that it failed over the call, and not how far it had come: asked again it would fail again. What the library
 * says by the same codes of a stream that broke is silence like any other.
 */
export function isFailure(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== codes.unknown && code !== codes.internal) return false
  return !/^Received (RST_STREAM|HTTP status)/.test(messageOf(error))
}

/** The library found no connection to send the call over. */
export function isUnsent(error: unknown): boolean {
  return /^(No connection established|Name resolution failed)/.test(messageOf(error))
}

export function isCompacted(error: unknown): boolean {
  return codeOf(error) === codes.outOfRange && messageOf(error).includes('compacted')
}
export function isFuture(error: unknown): boolean {
  return codeOf(error) === codes.outOfRange && messageOf(error).includes('future')
}
export function isNoLease(error: unknown): boolean {
  return codeOf(error) === codes.notFound && messageOf(error).includes('lease')
}

/** What a refusal means that no caller knows better. Nothing was written then. */
export function refusal(error: unknown): DavitError {
  const said = messageOf(error)
  const [code, text]: [ErrorCode, string] = isNoLease(error)
    ? ['DAVIT_STORE_LEASE_GONE', 'The lease of a key does not exist any more']
    : /request is too large|too many operations/.test(said)
      ? ['DAVIT_STORE_TOO_LARGE', 'etcd takes no transaction of this size (--max-request-bytes, --max-txn-ops)']
      : ['DAVIT_STORE_WRITE_FAILED', 'etcd refused the request']
  return new DavitError(code, `${text}: ${said}.`, { cause: error })
}

export function unavailable(cause: unknown): DavitError {
  return new DavitError('DAVIT_STORE_UNAVAILABLE', `etcd does not answer: ${messageOf(cause)}.`, { cause })
}
export function unknownOutcome(cause: unknown): DavitError {
  const text = `etcd did not answer a write, which may have been done or be done yet: ${messageOf(cause)}.`
  return new DavitError('DAVIT_STORE_OUTCOME_UNKNOWN', text, { cause })
}
export function unsupported(what: string, instead: string): DavitError {
  return new DavitError('DAVIT_STORE_FAILED', `A store in etcd is not ${what} by Davit; use etcd's own \`${instead}\`.`)
}
