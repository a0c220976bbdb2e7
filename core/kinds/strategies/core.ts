/** Namespaces, nodes, leases and events. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkName, checkNotNegative, duplicate, forbidden, invalid, required } from '../field-error.js'
import { cidr, labelValue, qualifiedName } from '../names.js'
import { parseQuantity } from '../quantity.js'
import type { Event, EventsV1Event, Lease, Namespace, Node } from '../types.js'
import { defaultResourceList } from './pod-defaults.js'

const NAME_LABEL = 'kubernetes.io/metadata.name'

export const namespaceStrategy: Strategy = {
  defaults(object) {
    const namespace = object as Namespace
    const { metadata } = namespace
    if (metadata.name) {
      metadata.labels ??= {}
      metadata.labels[NAME_LABEL] = metadata.name
    }
    namespace.status ??= {}
    namespace.status.phase ||= 'Active'
  },
  prepareCreate(object) {
    const namespace = object as Namespace
    namespace.status = { phase: 'Active' }
    namespace.spec ??= {}
    const finalizers = namespace.spec.finalizers ?? []
    namespace.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
  },
  // Finalizers come off through `finalize` alone.
  prepareUpdate(object, old) {
    ;(object as Namespace).spec = structuredClone((old as Namespace).spec ?? {})
  },
  validate(object) {
    const errors: FieldError[] = []
    for (const [index, finalizer] of ((object as Namespace).spec?.finalizers ?? []).entries()) {
      checkName(errors, `spec.finalizers[${index}]`, finalizer, qualifiedName)
    }
    return errors
  },
  validateStatusUpdate(object) {
    const { metadata, status } = object as Namespace
    const terminating = metadata.deletionTimestamp !== undefined
    const phase = status?.phase ?? ''
    if (terminating && phase !== 'Terminating') {
      return [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
    }
    if (!terminating && phase !== 'Active') {
      return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")]
    }
    return []
  },
}

export const nodeStrategy: Strategy = {
  defaults(object) {
    const node = object as Node
    const { spec } = node
    if (spec?.podCIDR && spec.podCIDRs === undefined) spec.podCIDRs = [spec.podCIDR]
    else if (spec?.podCIDRs?.[0] && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0]
    const { status } = node
    if (status === undefined) return
    defaultResourceList(status.capacity)
    defaultResourceList(status.allocatable)
    if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as Node
    const seen = new Set<string>()
    for (const [index, taint] of (spec?.taints ?? []).entries()) {
      const at = `spec.taints[${index}]`
      if (taint.key) checkName(errors, `${at}.key`, taint.key, qualifiedName)
      checkName(errors, `${at}.value`, taint.value ?? '', labelValue)
      const key = `${taint.key}:${taint.effect}`
      if (seen.has(key)) errors.push({ ...duplicate(at, taint), message: 'taints must be unique by key and effect pair' })
      seen.add(key)
    }
    for (const [index, range] of (spec?.podCIDRs ?? []).entries()) checkName(errors, `spec.podCIDRs[${index}]`, range, cidr)
    checkNodeAmounts(errors, object as Node)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const now = (object as Node).spec
    const before = (old as Node).spec
    if ((before?.podCIDRs ?? []).length > 0 && !equalJson(now?.podCIDRs, before?.podCIDRs)) {
      errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
    }
    if (before?.providerID && now?.providerID !== before.providerID) {
      errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
    }
    return errors
  },
  validateStatusUpdate(object) {
    const errors: FieldError[] = []
    checkNodeAmounts(errors, object as Node)
    const seen = new Set<string>()
    for (const [index, { type, address }] of ((object as Node).status?.addresses ?? []).entries()) {
      const key = `${type}/${address}`
      if (seen.has(key)) errors.push(duplicate(`status.addresses[${index}]`, { type, address }))
      seen.add(key)
    }
    return errors
  },
}

function checkNodeAmounts(errors: FieldError[], { status }: Node): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    const amounts = status?.[list]
    for (const name in amounts) {
      const { value } = parseQuantity(amounts[name] ?? '')
      if (value !== undefined && value.nano < 0n) {
        errors.push(invalid(`status.${list}.${name}`, amounts[name], 'must be greater than or equal to 0'))
      }
    }
  }
}

export const leaseStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as Lease
    const seconds = spec?.leaseDurationSeconds
    if (seconds !== undefined && seconds <= 0)
      errors.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'))
    checkNotNegative(errors, 'spec.leaseTransitions', spec?.leaseTransitions)
    return errors
  },
}

/** Both views of an event; each object says by its version which one it is. */
export const eventStrategy: Strategy = {
  defaults(object) {
    if (object.apiVersion !== 'v1') return
    const event = object as Event
    event.source ??= {}
    event.reportingComponent ??= ''
    event.reportingInstance ??= ''
  },
  validate(object) {
    const errors: FieldError[] = []
    const space = object.metadata.namespace ?? ''
    if (object.apiVersion === 'v1') {
      const { involvedObject, eventTime } = object as Event
      checkEventSpace(errors, 'involvedObject.namespace', space, involvedObject?.namespace ?? '')
      if (eventTime !== undefined)
        checkNewEvent(errors, object as Event, (object as Event).reportingComponent ?? '', 'reportingComponent')
      return errors
    }
    const event = object as EventsV1Event
    checkEventSpace(errors, 'regarding.namespace', space, event.regarding?.namespace ?? '')
    if (event.eventTime !== undefined) checkNewEvent(errors, event, event.reportingController ?? '', 'reportingController')
    return errors
  },
}

/** Events of things outside namespaces are kept in `default`, or in the system's namespace. */
function checkEventSpace(errors: FieldError[], path: string, space: string, about: string): void {
  if (about === space) return
  if (about === '' && (space === 'default' || space === 'kube-system')) return
  errors.push(invalid(path, about, 'does not match event.namespace'))
}

function checkNewEvent(errors: FieldError[], event: Event | EventsV1Event, controller: string, path: string): void {
  if (controller === '') errors.push(required(path))
  else checkName(errors, path, controller, qualifiedName)
  for (const field of ['reportingInstance', 'action', 'reason'] as const) if (!event[field]) errors.push(required(field))
}
