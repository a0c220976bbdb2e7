/** LimitRanges and ResourceQuotas. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkName, duplicate, forbidden, invalid, NOT_NEGATIVE, required } from '../field-error.js'
import { qualifiedName } from '../names.js'
import { compareQuantities, parseQuantity, quantityToMilli } from '../quantity.js'
import type { LimitRange, LimitRangeItem, ResourceQuota } from '../types.js'
import { defaultResourceList } from './pod-defaults.js'
import { checkScopes } from './quota-scopes.js'

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
const TYPES = new Set(['Pod', 'Container', 'PersistentVolumeClaim'])

export const limitRangeStrategy: Strategy = {
  defaults(object) {
    for (const item of (object as LimitRange).spec?.limits ?? []) {
      for (const list of LISTS) defaultResourceList(item[list])
      if (item.type !== 'Container') continue
      const limits = { ...item.max, ...item.default }
      const requests = { ...item.min, ...limits, ...item.defaultRequest }
      if (Object.keys(limits).length > 0) item.default = limits
      if (Object.keys(requests).length > 0) item.defaultRequest = requests
    }
  },
  validate(object) {
    const errors: FieldError[] = []
    const seen = new Set<string>()
    for (const [index, item] of ((object as LimitRange).spec?.limits ?? []).entries()) {
      const path = `spec.limits[${index}]`
      checkType(errors, `${path}.type`, item.type)
      if (seen.has(item.type)) errors.push(duplicate(`${path}.type`, item.type))
      seen.add(item.type)
      checkItem(errors, path, item)
    }
    return errors
  },
}

function checkType(errors: FieldError[], path: string, type: string): void {
  checkName(errors, path, type, qualifiedName)
  if (!type.includes('/') && !TYPES.has(type)) {
    errors.push(invalid(path, type, 'must be a standard limit type or fully qualified'))
  }
}

function checkItem(errors: FieldError[], path: string, item: LimitRangeItem): void {
  if (item.type === 'Pod') {
    const text = "may not be specified when `type` is 'Pod'"
    if (Object.keys(item.default ?? {}).length > 0) errors.push(forbidden(`${path}.default`, text))
    if (Object.keys(item.defaultRequest ?? {}).length > 0) errors.push(forbidden(`${path}.defaultRequest`, text))
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    const text = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(`${path}.limits`, text))
  }
  const names = new Set(LISTS.flatMap((list) => Object.keys(item[list] ?? {})))
  for (const name of names) checkResource(errors, path, name, item)
}

type Findable = 'min' | 'max' | 'default' | 'defaultRequest'
/** [the smaller, what it is called, the larger, what that is called, whose field is at fault, whose value is shown] */
const orders: readonly (readonly [Findable, string, Findable, string, Findable, Findable])[] = [
  ['min', 'min', 'max', 'max', 'min', 'min'],
  ['min', 'min', 'defaultRequest', 'default request', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default request', 'max', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default request', 'default', 'default limit', 'defaultRequest', 'defaultRequest'],
  ['min', 'min', 'default', 'default', 'default', 'min'],
  ['default', 'default', 'max', 'max', 'default', 'max'],
]

function checkResource(errors: FieldError[], path: string, name: string, item: LimitRangeItem): void {
  for (const [low, lowWord, high, highWord, at, shown] of orders) {
    const [smaller, larger] = [item[low]?.[name], item[high]?.[name]]
    if (smaller === undefined || larger === undefined || compareQuantities(smaller, larger) <= 0) continue
    const detail = `${lowWord} value ${smaller} is greater than ${highWord} value ${larger}`
    errors.push(invalid(`${path}.${at}[${name}]`, item[shown]?.[name], detail))
  }
  checkRatio(errors, path, name, item)
}

function checkRatio(errors: FieldError[], path: string, name: string, item: LimitRangeItem): void {
  const ratio = item.maxLimitRequestRatio?.[name]
  if (ratio === undefined) return
  const at = `${path}.maxLimitRequestRatio[${name}]`
  if (compareQuantities(ratio, '1') < 0) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`))
  const [min, max] = [item.min?.[name], item.max?.[name]]
  if (min === undefined || max === undefined) return
  const widest = quantityToMilli(max) / quantityToMilli(min)
  if (quantityToMilli(ratio) / 1000 <= widest) return
  errors.push(invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`))
}

export const resourceQuotaStrategy: Strategy = {
  defaults(object) {
    const { spec, status } = object as ResourceQuota
    defaultResourceList(spec?.hard)
    defaultResourceList(status?.hard)
    defaultResourceList(status?.used)
  },
  prepareCreate(object) {
    object.status = {}
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as ResourceQuota
    checkQuotaAmounts(errors, 'spec.hard', spec?.hard)
    checkScopes(errors, spec)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const now = (object as ResourceQuota).spec?.scopes ?? []
    if (!equalJson([...now].sort(), [...((old as ResourceQuota).spec?.scopes ?? [])].sort())) {
      errors.push(invalid('spec.scopes', now, 'field is immutable'))
    }
    return errors
  },
  validateStatusUpdate(object) {
    const errors: FieldError[] = []
    const { status } = object as ResourceQuota
    checkQuotaAmounts(errors, 'status.hard', status?.hard)
    checkQuotaAmounts(errors, 'status.used', status?.used)
    return errors
  },
}

const COUNTS = new Set([
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'],
  ...['services.nodeports', 'services.loadbalancers'],
])
const MEASURED = new Set([
  ...['cpu', 'memory', 'ephemeral-storage', 'requests.storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
])
const NANO_PER_UNIT = 1_000_000_000n

function checkQuotaAmounts(errors: FieldError[], path: string, list: Readonly<Record<string, string>> | undefined): void {
  for (const name in list) {
    const at = `${path}[${name}]`
    const text = list[name] ?? ''
    checkName(errors, at, name, qualifiedName)
    const pages = name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')
    if (!name.includes('/') && !COUNTS.has(name) && !MEASURED.has(name) && !pages) {
      errors.push(invalid(at, name, 'must be a standard resource for quota'))
    }
    const { value } = parseQuantity(text)
    if (value === undefined) continue
    if (value.nano < 0n) errors.push(invalid(at, text, NOT_NEGATIVE))
    if (COUNTS.has(name) && value.nano % NANO_PER_UNIT !== 0n) errors.push(invalid(at, text, 'must be an integer'))
  }
}
