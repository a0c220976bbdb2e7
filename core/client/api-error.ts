/**
 * Every refusal of the API: an `Error` that carries the Kubernetes Status which goes over the wire. The static
 * constructors hold the fixed texts; clients (Helm, client-go, operators) match parts of them.
 */
import type { FieldError } from '../kinds/contract.js'

export type StatusReason =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'Gone'
  | 'Expired'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'Timeout'

export interface FailureCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}
export interface FailureDetails {
  readonly name?: string
  readonly group?: string
  /** The plural resource, but the Kind where the reason is Invalid. */
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly FailureCause[]
  readonly retryAfterSeconds?: number
}
/** A `v1` Status of a failure. `reason` is one of `StatusReason`, or another word that a webhook or foreign server chose. */
export interface FailureStatus {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string }
  readonly status: 'Failure'
  readonly message: string
  readonly reason: string
  readonly details?: FailureDetails
  readonly code: number
}

/** Names a resource in an error; `ResourceRef` and `ResourceKind` are ones. */
export interface ResourceName {
  /** '' for the core group. */
  readonly group: string
  readonly resource: string
}
export interface KindName {
  readonly group: string
  readonly kind: string
}

const codes: Readonly<Record<StatusReason, number>> = {
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Invalid: 422,
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
}

const modified = 'the object has been modified; please apply your changes to the latest version and try again'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: FailureStatus

  constructor(status: FailureStatus, options?: ErrorOptions) {
    super(status.message, options)
    this.status = status
  }

  get code(): number {
    return this.status.code
  }
  get reason(): string {
    return this.status.reason
  }

  /** For a refusal that none of the others is. */
  static of(reason: StatusReason, message: string, details?: FailureDetails): ApiError {
    return new ApiError(statusOf(codes[reason], reason, message, details))
  }
  /** What an admission plugin or webhook answered: its own code, reason and message. */
  static denied(code: number, reason: string, message: string, details?: FailureDetails): ApiError {
    return new ApiError(statusOf(code, reason, message, details))
  }

  static notFound(resource: ResourceName, name: string): ApiError {
    return ApiError.of('NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name))
  }
  /** For a path that names no resource at all. */
  static unknownPath(): ApiError {
    return ApiError.of('NotFound', 'the server could not find the requested resource', {})
  }
  static alreadyExists(resource: ResourceName, name: string): ApiError {
    return ApiError.of('AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name))
  }
  /** `cause` defaults to the text of a stale resourceVersion. */
  static conflict(resource: ResourceName, name: string, cause: string = modified): ApiError {
    const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${cause}`
    return ApiError.of('Conflict', message, detailsOf(resource, name))
  }
  /** Server-side apply met fields that others own. Each cause says `conflict with "manager" …`. */
  static applyConflict(causes: readonly { readonly message: string; readonly field: string }[]): ApiError {
    const marked = causes.map((cause) => ({ reason: 'FieldManagerConflict', ...cause }))
    return ApiError.of('Conflict', applyConflictText(causes), { causes: marked })
  }
  static invalid(kind: KindName, name: string, errors: readonly FieldError[]): ApiError {
    const lines = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
    const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
    const causes = errors.map(({ reason, message, field }) => ({ reason, message, field }))
    const text = `${qualified({ group: kind.group, resource: kind.kind })} "${name}" is invalid: ${list}`
    return ApiError.of('Invalid', text, { ...detailsOf({ group: kind.group, resource: kind.kind }, name), causes })
  }
  static badRequest(message: string): ApiError {
    return ApiError.of('BadRequest', message)
  }
  static unauthorized(message = 'Unauthorized'): ApiError {
    return ApiError.of('Unauthorized', message)
  }
  /** `reason` is what authorisation or admission says. */
  static forbidden(resource: ResourceName, name: string, reason: string): ApiError {
    const of = resource.resource === '' ? 'forbidden' : `${qualified(resource)}${name ? ` "${name}"` : ''} is forbidden`
    return ApiError.of('Forbidden', `${of}: ${reason}`, detailsOf(resource, name))
  }
  static methodNotAllowed(resource: ResourceName, action: string): ApiError {
    const message = `${action} is not supported on resources of kind "${qualified(resource)}"`
    return ApiError.of('MethodNotAllowed', message, detailsOf(resource, ''))
  }
  static notAcceptable(accepted: readonly string[]): ApiError {
    return ApiError.of('NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
  }
  static unsupportedMediaType(accepted: readonly string[]): ApiError {
    const list = accepted.join(', ')
    return ApiError.of(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${list}`,
    )
  }
  static gone(message: string): ApiError {
    return ApiError.of('Gone', message)
  }
  /** 410 for a watch or list from `version` where nothing before `oldest` is left. */
  static tooOld(version: string | number, oldest: string | number): ApiError {
    return ApiError.expired(`too old resource version: ${version} (${oldest})`)
  }
  /** `continueToken`: goes on at the present revision, for a page whose snapshot is compacted away. */
  static expired(message: string, continueToken?: string): ApiError {
    const status = statusOf(410, 'Expired', message, undefined)
    return new ApiError(continueToken === undefined ? status : { ...status, metadata: { continue: continueToken } })
  }
  /** The client asks for a revision that is yet to come. */
  static tooNew(version: string | number, current: string | number): ApiError {
    return ApiError.of('Timeout', `Too large resource version: ${version}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    })
  }
  static tooLarge(message: string): ApiError {
    return ApiError.of('RequestEntityTooLarge', `Request entity too large: ${message}`)
  }
  static tooManyRequests(message: string, retryAfterSeconds = 1): ApiError {
    return ApiError.of('TooManyRequests', message, { retryAfterSeconds })
  }
  static internal(cause: unknown): ApiError {
    const text = cause instanceof Error ? cause.message : String(cause)
    const status = statusOf(500, 'InternalError', `Internal error occurred: ${text}`, { causes: [{ message: text }] })
    return new ApiError(status, { cause })
  }
  /** The server is sound, but could not do this now. */
  static serverTimeout(resource: ResourceName, operation: string, retryAfterSeconds = 1): ApiError {
    const message = `The ${operation} operation against ${qualified(resource)} could not be completed at this time, please try again.`
    return ApiError.of('ServerTimeout', message, { ...detailsOf(resource, operation), retryAfterSeconds })
  }
  static serviceUnavailable(message: string, retryAfterSeconds?: number): ApiError {
    return ApiError.of('ServiceUnavailable', message, retryAfterSeconds === undefined ? undefined : { retryAfterSeconds })
  }
  static timeout(message: string, retryAfterSeconds = 1): ApiError {
    return ApiError.of('Timeout', `Timeout: ${message}`, { retryAfterSeconds })
  }

  /** What a server answered. A body that is no Status, such as a proxy's error page, becomes one with a fitting reason. */
  static fromReply(code: number, body: unknown): ApiError {
    const status = (typeof body === 'object' && body !== null ? body : {}) as Partial<FailureStatus>
    if (status.kind === 'Status' && typeof status.message === 'string') {
      return new ApiError({ ...statusOf(code, status.reason ?? reasonOf(code), status.message, status.details), ...pick(status) })
    }
    const text = typeof body === 'string' && body.trim() !== '' ? body.trim() : `the server answered with status ${code}`
    return new ApiError(statusOf(code, reasonOf(code), text, undefined))
  }
}

export const isNotFound = (error: unknown): error is ApiError => hasReason(error, 'NotFound')
export const isExists = (error: unknown): error is ApiError => hasReason(error, 'AlreadyExists')
export const isConflict = (error: unknown): error is ApiError => hasReason(error, 'Conflict')
/** Gone or Expired: list anew. */
export const isGone = (error: unknown): error is ApiError => hasReason(error, 'Gone') || hasReason(error, 'Expired')

// By name rather than by class: two copies of a package may meet in one process.
function hasReason(error: unknown, reason: StatusReason): boolean {
  return error instanceof Error && error.name === 'ApiError' && (error as ApiError).status.reason === reason
}

function applyConflictText(causes: readonly { readonly message: string; readonly field: string }[]): string {
  const [first] = causes
  if (first && causes.length === 1) return `Apply failed with 1 conflict: ${first.message}: ${first.field}`
  const managers = [...new Set(causes.map((cause) => cause.message))].sort()
  const lines = managers.flatMap((message) => [
    `${message.replace('conflict', 'conflicts')}:`,
    ...causes.filter((cause) => cause.message === message).map((cause) => `- ${cause.field}`),
  ])
  return `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`
}

function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`
}

function detailsOf(resource: ResourceName, name: string): FailureDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    ...(resource.resource === '' ? {} : { kind: resource.resource }),
  }
}

function statusOf(code: number, reason: string, message: string, details: FailureDetails | undefined): FailureStatus {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  }
}

function reasonOf(code: number): string {
  if (code === 409) return 'Conflict'
  const known = (Object.keys(codes) as StatusReason[]).find((reason) => codes[reason] === code)
  return known ?? (code >= 500 ? 'InternalError' : 'BadRequest')
}

function pick(status: Partial<FailureStatus>): Partial<FailureStatus> {
  return {
    ...(typeof status.code === 'number' ? { code: status.code } : {}),
    ...(status.metadata === undefined ? {} : { metadata: status.metadata }),
  }
}
