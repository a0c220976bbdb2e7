/** What containers and volumes may be told about their own Pod. */
import type { FieldError } from '../contract.js'
import { checkName, invalid, notSupported, required } from '../field-error.js'
import { qualifiedName } from '../names.js'
import { compareQuantities } from '../quantity.js'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../types.js'

const ofMetadata = ['metadata.name', 'metadata.namespace', 'metadata.uid']
const ofStatus = ['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs']
/** Paths with a key in brackets behind them. */
const maps = ['metadata.annotations', 'metadata.labels']
export const variableFields = [...ofMetadata, 'spec.nodeName', 'spec.serviceAccountName', ...ofStatus]
export const fileFields = [...maps, ...ofMetadata]
const known = new Set([...maps, ...variableFields, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase'])

const amounts = ['cpu', 'ephemeral-storage', 'memory']
const resources = [...amounts.map((name) => `limits.${name}`), ...amounts.map((name) => `requests.${name}`)]
const units: Readonly<Record<string, readonly string[]>> = {
  cpu: ['1m', '1'],
  memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
}

export function checkFieldRef(errors: FieldError[], at: string, ref: ObjectFieldSelector, allowed: readonly string[]): void {
  const { apiVersion = 'v1', fieldPath } = ref
  if (!fieldPath) return
  const [, map = '', key = ''] = /^([^[]+)\['(.*)'\]$/.exec(fieldPath) ?? []
  const problem = conversionProblem(apiVersion, fieldPath, map)
  if (problem !== undefined) {
    errors.push(invalid(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`))
  } else if (map !== '') {
    checkName(errors, at, map === 'metadata.annotations' ? key.toLowerCase() : key, qualifiedName)
  } else if (!allowed.includes(fieldPath)) errors.push(notSupported(`${at}.fieldPath`, fieldPath, allowed))
}

function conversionProblem(apiVersion: string, fieldPath: string, map: string): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`
  if (map !== '') return maps.includes(map) ? undefined : `field label does not support subscript: ${fieldPath}`
  return known.has(fieldPath) ? undefined : `field label not supported: ${fieldPath}`
}

/** In a volume no container is meant by itself. */
export function checkResourceRef(errors: FieldError[], at: string, ref: ResourceFieldSelector, inVolume: boolean): void {
  const { containerName, resource, divisor = '0' } = ref
  if (inVolume && !containerName) errors.push(required(`${at}.containerName`))
  else if (resource && !resources.includes(resource) && !isPages(resource)) {
    errors.push(notSupported(`${at}.resource`, resource, resources))
    return
  }
  if (!resource || compareQuantities(divisor, '0') === 0) return
  const name = resource.slice(resource.indexOf('.') + 1)
  const fitting = units[name === 'cpu' ? 'cpu' : 'memory'] ?? []
  if (fitting.some((unit) => compareQuantities(divisor, unit) === 0)) return
  const detail = `only divisor's values ${list(fitting)} are supported with the ${name === 'cpu' ? 'cpu' : 'memory'} resource`
  errors.push(invalid(`${at}.divisor`, name === 'cpu' ? 'cpu' : 'memory', detail))
}

const isPages = (resource: string): boolean => /^(?:limits|requests)\.hugepages-/.test(resource)
const list = (words: readonly string[]): string => (words.length > 2 ? words.join(', ') : words.join(' and '))
