/** Whether a Pod or a claim keeps to the LimitRanges of its namespace. Pure. */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import {
  type Amounts,
  formatQuantity,
  type LimitRange,
  type LimitRangeItem,
  type PersistentVolumeClaim,
  type Pod,
  parseQuantity,
  podAmounts,
  readAmounts,
} from '@davit/core/kinds'

const none: Amounts = {}

export const isNewPod = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && kind.resource === 'pods' && kind.group === ''

/** An update of a Pod changes nothing that counts, unless it is a resize; claims may ask for more later. */
export function isChecked(request: AdmissionRequest): boolean {
  const { operation, kind, subresource } = request
  if (kind.group !== '' || operation === 'DELETE' || operation === 'CONNECT') return false
  if (kind.resource === 'persistentvolumeclaims') return subresource === ''
  return isNewPod(request) || (kind.resource === 'pods' && operation === 'UPDATE' && subresource === 'resize')
}

/** The first range that does not hold says everything that it finds. */
export function denialOf(request: AdmissionRequest, ranges: readonly LimitRange[]): AdmissionDenial | undefined {
  const { kind, name, object, oldObject } = request
  if (!object || oldObject?.metadata.deletionTimestamp) return undefined
  for (const { spec } of ranges) {
    const items = spec?.limits ?? []
    const texts =
      kind.resource === 'pods' ? podProblems(object as Pod, items) : claimProblems(object as PersistentVolumeClaim, items)
    const [first, ...others] = new Set(texts)
    if (first === undefined) continue
    const { message, reason } = ApiError.forbidden(
      kind,
      name,
      others.length === 0 ? first : `[${[first, ...others].join(', ')}]`,
    ).status
    return { code: 403, reason, message }
  }
  return undefined
}

function podProblems({ spec }: Pod, items: readonly LimitRangeItem[]): string[] {
  return items.flatMap((item) => {
    if (item.type === 'Container') {
      const containers = [...spec.containers, ...(spec.initContainers ?? [])]
      return containers.flatMap(({ resources }) => {
        return problems(item, readAmounts(resources?.requests), readAmounts(resources?.limits))
      })
    }
    if (item.type !== 'Pod') return []
    const [requests, limits] = (['requests', 'limits'] as const).map((list) => podAmounts(spec, list, { overhead: false }))
    return problems(item, requests ?? none, limits ?? none)
  })
}

function problems(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const { min, max, maxLimitRequestRatio: ratios, type } = item
  const each = (list: Readonly<Record<string, string>> | undefined, check: Check): string[] =>
    Object.entries(list ?? {}).flatMap(([name, bound]) => check({ name, bound, type, requests, limits }) ?? [])
  return [...each(min, belowMinimum), ...each(max, aboveMaximum), ...each(ratios, aboveRatio)]
}

interface Bound {
  readonly name: string
  readonly bound: string
  readonly type: string
  readonly requests: Amounts
  readonly limits: Amounts
}
type Check = (bound: Bound) => string | undefined

function belowMinimum({ name, bound, type, requests, limits }: Bound): string | undefined {
  const [request, limit] = [requests[name], limits[name]]
  const text = `minimum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${text}.  No request is specified`
  const least = nanoOf(bound)
  if (request.nano < least) return `${text}, but request is ${formatQuantity(request)}`
  return limit !== undefined && limit.nano < least ? `${text}, but limit is ${formatQuantity(limit)}` : undefined
}

function aboveMaximum({ name, bound, type, requests, limits }: Bound): string | undefined {
  const [request, limit] = [requests[name], limits[name]]
  const text = `maximum ${name} usage per ${type} is ${bound}`
  if (limit === undefined) return `${text}.  No limit is specified`
  const most = nanoOf(bound)
  if (limit.nano > most) return `${text}, but limit is ${formatQuantity(limit)}`
  return request !== undefined && request.nano > most ? `${text}, but request is ${formatQuantity(request)}` : undefined
}

function aboveRatio({ name, bound, type, requests, limits }: Bound): string | undefined {
  const [request, limit] = [requests[name]?.nano ?? 0n, limits[name]?.nano ?? 0n]
  const text = `${name} max limit to request ratio per ${type} is ${bound}`
  if (request === 0n) return `${text}, but no request is specified or request is 0`
  if (limit === 0n) return `${text}, but no limit is specified or limit is 0`
  if (limit * nanoPerUnit <= nanoOf(bound) * request) return undefined
  return `${text}, but provided ratio is ${(Number(limit) / Number(request)).toFixed(6)}`
}

/** A claim has requests only. */
function claimProblems({ spec }: PersistentVolumeClaim, items: readonly LimitRangeItem[]): string[] {
  const requests = readAmounts(spec?.resources?.requests)
  return items
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap(({ type, min, max }) => [
      ...Object.entries(min ?? {}).map(([name, bound]) => belowMinimum({ name, bound, type, requests, limits: none })),
      ...Object.entries(max ?? {}).map(([name, bound]) => requestAboveMaximum({ name, bound, type, requests, limits: none })),
    ])
    .filter((text) => text !== undefined)
}

function requestAboveMaximum({ name, bound, type, requests }: Bound): string | undefined {
  const request = requests[name]
  const text = `maximum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${text}.  No request is specified`
  return request.nano > nanoOf(bound) ? `${text}, but request is ${formatQuantity(request)}` : undefined
}

const nanoPerUnit = 1_000_000_000n
const nanoOf = (text: string): bigint => parseQuantity(text).value?.nano ?? 0n
