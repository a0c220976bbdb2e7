/** Rules of resource lists: names, signs, whole units, and requests within limits. */
import type { FieldError } from '../contract.js'
import { checkName, forbidden, invalid, NOT_NEGATIVE, required } from '../field-error.js'
import { qualifiedName } from '../names.js'
import { compareQuantities, parseQuantity } from '../quantity.js'
import type { ResourceRequirements } from '../types.js'

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])
const PAGES = 'hugepages-'
const NANO_PER_UNIT = 1_000_000_000n

export function checkAmounts(errors: FieldError[], path: string, amounts: Readonly<Record<string, string>>): void {
  for (const name in amounts) checkAmount(errors, `${path}[${name}]`, name, amounts[name] ?? '')
}

export function checkResources(errors: FieldError[], path: string, resources: ResourceRequirements | undefined): void {
  if (resources === undefined) return
  const { limits, requests } = resources
  if (limits !== undefined) checkAmounts(errors, `${path}.limits`, limits)
  for (const name in requests) {
    const request = requests[name] ?? ''
    checkAmount(errors, `${path}.requests[${name}]`, name, request)
    const limit = limits?.[name]
    if (limit === undefined) {
      if (!mayOvercommit(name)) errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    } else if (!mayOvercommit(name) && compareQuantities(request, limit) !== 0) {
      errors.push(invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`))
    } else if (compareQuantities(request, limit) > 0) {
      errors.push(invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`))
    }
  }
  checkPages(errors, path, resources)
}

/** Pages alone do nothing: a program needs time or memory of its own to use them. */
function checkPages(errors: FieldError[], path: string, { limits = {}, requests = {} }: ResourceRequirements): void {
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (!names.some((name) => name.startsWith(PAGES)) || names.includes('cpu') || names.includes('memory')) return
  errors.push(forbidden(path, 'HugePages require cpu or memory'))
}

/** Devices and huge pages cannot be promised twice. */
function mayOvercommit(name: string): boolean {
  return isNative(name) && !name.startsWith(PAGES)
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.slice(0, name.indexOf('/')).endsWith('kubernetes.io')
}

function checkAmount(errors: FieldError[], path: string, name: string, text: string): void {
  checkResourceName(errors, path, name)
  const { value } = parseQuantity(text)
  if (value === undefined) return
  if (value.nano < 0n) errors.push(invalid(path, text, NOT_NEGATIVE))
  if (name.startsWith(PAGES)) checkPageSize(errors, path, name, value.nano, text)
  if (!isNative(name) && value.nano % NANO_PER_UNIT !== 0n) errors.push(invalid(path, text, 'must be an integer'))
}

function checkPageSize(errors: FieldError[], path: string, name: string, nano: bigint, text: string): void {
  const size = parseQuantity(name.slice(PAGES.length)).value
  if (size === undefined || size.nano <= 0n) return
  if (nano % size.nano !== 0n) errors.push(invalid(path, text, 'must be a positive integer multiple of page size'))
}

function checkResourceName(errors: FieldError[], path: string, name: string): void {
  if (STANDARD.has(name) || name.startsWith(PAGES)) return
  checkName(errors, path, name, qualifiedName)
  if (!name.includes('/')) errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
  else if (name.startsWith('requests.')) errors.push(forbidden(path, 'must be a standard resource for containers'))
}
