/** What a delete asks for, in its body or its query; the body counts more. */
import { ApiError } from '../client/contract.js'
import { type FieldError, invalid } from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'
import { booleanOption, integerOption, invalidOptions, unsupported, writeSettings } from './options.js'
import { isTree, type Tree } from './tree.js'

export interface Deletion {
  readonly dryRun: boolean
  readonly gracePeriodSeconds?: number
  readonly uid?: string
  readonly resourceVersion?: string
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  /** The old form of the policy. */
  readonly orphanDependents?: boolean
}

const policies = ['Foreground', 'Background', 'Orphan']

export function deleteOptions(request: ApiRequest): Deletion {
  const { dryRun } = writeSettings(request, 'DeleteOptions')
  const fromQuery = {
    gracePeriodSeconds: integerOption(request, 'gracePeriodSeconds'),
    orphanDependents: booleanOption(request, 'orphanDependents'),
    propagationPolicy: request.query.propagationPolicy || undefined,
  }
  return checked(request.body, fromQuery, dryRun)
}

/** The options inside another body: an eviction's. */
export function deletionOf(body: unknown, dryRun: boolean): Deletion {
  return checked(body, {}, dryRun)
}

interface QueryOptions {
  readonly gracePeriodSeconds?: number | undefined
  readonly orphanDependents?: boolean | undefined
  readonly propagationPolicy?: string | undefined
}

function checked(input: unknown, query: QueryOptions, dryRun: boolean): Deletion {
  const body = bodyOf(input)
  const grace = typed(body, 'gracePeriodSeconds', 'integer') ?? query.gracePeriodSeconds
  const orphan = typed(body, 'orphanDependents', 'boolean') ?? query.orphanDependents
  const policy = typed(body, 'propagationPolicy', 'string') ?? query.propagationPolicy
  const given = body.preconditions ?? {}
  if (!isTree(given)) throw wrongType('preconditions', 'object')
  const uid = typed(given, 'uid', 'string')
  const resourceVersion = typed(given, 'resourceVersion', 'string')
  const dry = dryRunOf(body)
  checkPolicy(policy, orphan)
  return {
    dryRun: dryRun || dry,
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(policy === undefined ? {} : { propagationPolicy: policy as NonNullable<Deletion['propagationPolicy']> }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
  }
}

function bodyOf(body: unknown): Tree {
  if (body === undefined || body === null || body === '') return {}
  if (!isTree(body)) throw ApiError.badRequest('the body of a delete must be DeleteOptions')
  if (body.kind !== undefined && body.kind !== '' && body.kind !== 'DeleteOptions') {
    throw ApiError.badRequest(`the body of a delete must be DeleteOptions, not ${JSON.stringify(body.kind)}`)
  }
  return body
}

function checkPolicy(policy: string | undefined, orphan: boolean | undefined): void {
  const errors: FieldError[] = []
  if (policy !== undefined && orphan !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !policies.includes(policy)) errors.push(unsupported('propagationPolicy', policy, policies))
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors)
}

function dryRunOf(body: Tree): boolean {
  const { dryRun } = body
  if (dryRun === undefined || dryRun === null) return false
  if (!Array.isArray(dryRun)) throw wrongType('dryRun', 'array of strings')
  const other = dryRun.find((one) => one !== 'All')
  if (other !== undefined) throw invalidOptions('DeleteOptions', [unsupported('dryRun', String(other), ['All'])])
  return dryRun.length > 0
}

interface Types {
  readonly string: string
  readonly boolean: boolean
  readonly integer: number
}

function typed<T extends keyof Types>(tree: Tree, field: string, type: T): Types[T] | undefined {
  const value = tree[field]
  if (value === undefined || value === null) return undefined
  const fits = type === 'integer' ? Number.isSafeInteger(value) : typeof value === type
  if (!fits) throw wrongType(field, type)
  return value as Types[T]
}

const wrongType = (field: string, type: string): ApiError =>
  ApiError.badRequest(`DeleteOptions cannot be read: ${field} must be of type ${type}`)
