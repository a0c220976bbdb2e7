/** Rules of resource lists: names, signs, whole units, and requests within limits. */
import type { FieldError } from '../contract.js'
import { checkName, forbidden, invalid, NOT_NEGATIVE, required } from '../field-error.js'
import { qualifiedName } from '../names.js'
import { compareQuantities, parseQuantity } from '../quantity.js'
import type { ResourceRequirements } from '../types.js'

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])
const NANO_PER_UNIT = 1_000_000_000n

export function checkResources(errors: FieldError[], path: string, resources: ResourceRequirements | undefined): void {
  if (resources === undefined) return
  const { limits, requests } = resources
  for (const name in limits) checkAmount(errors, `${path}.limits[${name}]`, name, limits[name] ?? '')
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
}

/** Devices and huge pages cannot be promised twice. */
function mayOvercommit(name: string): boolean {
  return isNative(name) && !name.startsWith('hugepages-')
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.slice(0, name.indexOf('/')).endsWith('kubernetes.io')
}

function checkAmount(errors: FieldError[], path: string, name: string, text: string): void {
  checkResourceName(errors, path, name)
  const { value } = parseQuantity(text)
  if (value === undefined) return
  if (value.nano < 0n) errors.push(invalid(path, text, NOT_NEGATIVE))
  if (!isNative(name) && value.nano % NANO_PER_UNIT !== 0n) errors.push(invalid(path, text, 'must be an integer'))
}

function checkResourceName(errors: FieldError[], path: string, name: string): void {
  if (STANDARD.has(name) || name.startsWith('hugepages-')) return
  checkName(errors, path, name, qualifiedName)
  if (!name.includes('/')) errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
  else if (name.startsWith('requests.')) errors.push(forbidden(path, 'must be a standard resource for containers'))
}
