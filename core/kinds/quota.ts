/**
 * What objects take of a ResourceQuota. Admission and the controller that counts anew must agree to the last unit, so both
 * ask here. Pure.
 */
import { type Amounts, podAmounts, readAmounts } from './amounts.js'
import type { KubeObject } from './contract.js'
import type { ExactQuantity } from './quantity.js'
import { matchesScope, quotaScopes } from './quota-scopes.js'
import type { Container, PersistentVolumeClaim, Pod, ResourceQuota, Service } from './types.js'

/** Names a resource; a `ResourceKind` is one. */
export interface QuotaResource {
  readonly group: string
  readonly resource: string
}

interface Measure {
  /** Whether a name of `spec.hard` is this resource's to count, besides its own `count/…`. */
  counts(name: string): boolean
  usage(object: KubeObject, now: number): Amounts
  /** Counted again when it changes, and not only when it comes. */
  readonly changes?: boolean
}

const NANO = 1_000_000_000n
const units = (count: number): ExactQuantity => ({ nano: BigInt(count) * NANO, format: 'DecimalSI' })
const one = units(1)

/** "count/pods", "count/replicasets.apps". */
export function quotaCountName({ group, resource }: QuotaResource): string {
  return group === '' ? `count/${resource}` : `count/${resource}.${group}`
}

/** Those of the names that this resource counts for, in order. */
export function quotaNames(resource: QuotaResource, names: readonly string[]): string[] {
  const count = quotaCountName(resource)
  const measure = measureOf(resource)
  return names.filter((name) => name === count || measure?.counts(name))
}

/** Whether an update of such an object can change what it takes. */
export function quotaFollowsUpdates(resource: QuotaResource): boolean {
  return measureOf(resource)?.changes === true
}

/** What one object takes, by names as in `spec.hard`. `now`: milliseconds since 1970. */
export function quotaUsage(resource: QuotaResource, object: KubeObject, now: number): Amounts {
  const usage = measureOf(resource)?.usage(object, now) ?? {}
  return { [quotaCountName(resource)]: one, ...usage }
}

/** Whether the scopes of the quota let it count this object: only Pods can be in a scope. */
export function quotaScopesMatch(quota: ResourceQuota, resource: QuotaResource, object: KubeObject): boolean {
  const scopes = quotaScopes(quota)
  if (scopes.length === 0) return true
  return isPods(resource) && scopes.every((scope) => matchesScope(object as Pod, scope))
}

/**
 * What containers must say because a quota counts it: "limits.cpu for: c1,c2; memory for: c1". undefined: nothing is missing.
 * `names`: those of the quota that match.
 */
export function quotaMissing(resource: QuotaResource, names: readonly string[], object: KubeObject): string | undefined {
  const required = isPods(resource) ? names.filter((name) => mustBeSaid.has(name)).sort() : []
  if (required.length === 0) return undefined
  const { containers, initContainers = [] } = (object as Pod).spec
  const lacking = (name: string) => [...containers, ...initContainers].filter((container) => !(name in saidBy(container)))
  const parts = required.flatMap((name) => {
    const without = [...new Set(lacking(name).map((container) => container.name))].sort()
    return without.length === 0 ? [] : [`${name} for: ${without.join(',')}`]
  })
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** From when on a Pod that is going takes nothing any more; undefined for all others. */
export function quotaReleaseTime({ metadata }: KubeObject): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

// ---------------------------------------------------------------------------------------------------------- measures

const mustBeSaid = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])
const computed = new Set([
  ...mustBeSaid,
  ...['pods', 'ephemeral-storage', 'requests.ephemeral-storage', 'limits.ephemeral-storage'],
])
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')

const podMeasure: Measure = {
  counts: (name) =>
    computed.has(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('requests.hugepages-') ||
    (name.startsWith('requests.') && !isNative(name)),
  usage(object, now) {
    const { spec, status } = object as Pod
    const released = quotaReleaseTime(object)
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed' || (released !== undefined && now > released)) return {}
    const requests = podAmounts(spec, 'requests', { overhead: true })
    return { pods: one, ...computeNames(requests, podAmounts(spec, 'limits', { overhead: true })) }
  },
}

const saidBy = ({ resources }: Container): Amounts =>
  computeNames(readAmounts(resources?.requests), readAmounts(resources?.limits))

function computeNames(requests: Amounts, limits: Amounts): Amounts {
  const named: Record<string, ExactQuantity> = {}
  for (const name in requests) {
    const amount = requests[name] as ExactQuantity
    const plain = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')
    if (plain) named[name] = amount
    if (plain || !isNative(name)) named[`requests.${name}`] = amount
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const amount = limits[name]
    if (amount !== undefined) named[`limits.${name}`] = amount
  }
  return named
}

const serviceNames = new Set(['services', 'services.nodeports', 'services.loadbalancers'])

const serviceMeasure: Measure = {
  changes: true,
  counts: (name) => serviceNames.has(name),
  usage(object) {
    const { spec } = object as Service
    const ports = spec?.ports ?? []
    const balanced = spec?.type === 'LoadBalancer'
    // Ports are not given out yet when it is asked: what counts is the intent.
    const given = balanced && spec?.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports
    return {
      services: one,
      'services.nodeports': units(balanced || spec?.type === 'NodePort' ? given.length : 0),
      'services.loadbalancers': units(balanced ? 1 : 0),
    }
  },
}

const claimNames = new Set(['persistentvolumeclaims', 'requests.storage'])
const classInfix = '.storageclass.storage.k8s.io/'
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

const claimMeasure: Measure = {
  changes: true,
  counts: (name) => {
    const at = name.indexOf(classInfix)
    return claimNames.has(name) || (at >= 0 && claimNames.has(name.slice(at + classInfix.length)))
  },
  usage(object) {
    const { metadata, spec, status } = object as PersistentVolumeClaim
    const requested = readAmounts(spec?.resources?.requests).storage
    const allocated = readAmounts(status?.allocatedResources).storage
    const storage = requested && allocated && allocated.nano > requested.nano ? allocated : requested
    const own: Amounts = { persistentvolumeclaims: one, ...(storage && { 'requests.storage': storage }) }
    const storageClass = metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? ''
    if (storageClass === '') return own
    const ofClass = Object.entries(own).map(([name, amount]) => [`${storageClass}${classInfix}${name}`, amount])
    return { ...own, ...Object.fromEntries(ofClass) }
  },
}

/** Objects that were counted before `count/…` was there have a short name too. */
const plainMeasure = (resource: string): Measure => ({ counts: (name) => name === resource, usage: () => ({ [resource]: one }) })

const measures: ReadonlyMap<string, Measure> = new Map([
  ['pods', podMeasure],
  ['services', serviceMeasure],
  ['persistentvolumeclaims', claimMeasure],
  ...['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers'].map((resource): [string, Measure] => [
    resource,
    plainMeasure(resource),
  ]),
])

const measureOf = ({ group, resource }: QuotaResource): Measure | undefined => (group === '' ? measures.get(resource) : undefined)
const isPods = ({ group, resource }: QuotaResource): boolean => group === '' && resource === 'pods'

/** Those resources besides `count/…` ones that a name of `spec.hard` needs to be looked at for. */
export function quotaResourcesOf(name: string): readonly QuotaResource[] {
  return [...measures].filter(([, measure]) => measure.counts(name)).map(([resource]) => ({ group: '', resource }))
}
