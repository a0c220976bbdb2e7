/** What an update of a pod may change: images, tolerations (added), the deadline (lowered), gates (removed). */
import type { FieldError } from '../contract.js'
import { equalJson, equalOrEmpty, equalParts } from '../equal.js'
import { forbidden, invalid } from '../field-error.js'
import type { Container, EphemeralContainer, Pod, PodSpec, Toleration } from '../types.js'
import { checkResize } from './pod-resize.js'

const ALLOWED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function checkPodUpdate(pod: Pod, old: Pod, subresource: string | undefined): FieldError[] {
  // The binding subresource exists to set what nobody else may set, and checks that itself.
  if (subresource === 'binding' || equalJson(pod.spec, old.spec)) return []
  if (subresource === 'ephemeralcontainers') return checkEphemeral(pod, old)
  if (subresource === 'resize') return checkResize(pod, old)
  return checkSpec(pod.spec, old.spec)
}

function checkSpec(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  if ((spec.containers ?? []).length !== (old.containers ?? []).length) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')]
  }
  if ((spec.initContainers ?? []).length !== (old.initContainers ?? []).length) {
    return [forbidden('spec.initContainers', 'pod updates may not add or remove containers')]
  }
  checkDeadline(errors, spec.activeDeadlineSeconds, old.activeDeadlineSeconds)
  checkTolerations(errors, spec.tolerations ?? [], old.tolerations ?? [])
  checkGates(errors, spec, old)
  const masked: PodSpec = {
    ...spec,
    containers: withImages(spec.containers ?? [], old.containers ?? []),
    initContainers: withImages(spec.initContainers ?? [], old.initContainers ?? []),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    masked.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  }
  if ((old.schedulingGates ?? []).length > 0) allowWhileGated(errors, masked, old)
  if (!equalParts(masked, old)) errors.push(forbidden('spec', ALLOWED))
  return errors
}

function withImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, index) => ({ ...container, image: old[index]?.image }))
}

function checkDeadline(errors: FieldError[], seconds: number | undefined, old: number | undefined): void {
  const path = 'spec.activeDeadlineSeconds'
  if (old === undefined) return
  if (seconds === undefined) errors.push(invalid(path, null, 'must not update from a positive integer to nil value'))
  else if (seconds > old) errors.push(invalid(path, seconds, 'must be less than or equal to previous value'))
}

function checkTolerations(errors: FieldError[], tolerations: readonly Toleration[], old: readonly Toleration[]): void {
  const kept = old.every((before) =>
    tolerations.some((after) => equalJson({ ...before, tolerationSeconds: 0 }, { ...after, tolerationSeconds: 0 })),
  )
  if (!kept) errors.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
}

function checkGates(errors: FieldError[], spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name))
  const added = (spec.schedulingGates ?? []).filter((gate) => !before.has(gate.name))
  if (added.length === 0) return
  const names = added.map((gate) => JSON.stringify(gate.name)).join(',')
  errors.push(forbidden('spec.schedulingGates', `only deletion is allowed, but found new scheduling gates ${names}`))
}

/** A pod that is not yet offered to the scheduler may be narrowed, never widened. */
function allowWhileGated(errors: FieldError[], masked: PodSpec, old: PodSpec): void {
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (masked.nodeSelector?.[key] === value) continue
    errors.push(invalid('spec.nodeSelector', masked.nodeSelector, 'only additions are allowed for gated pods'))
    break
  }
  masked.nodeSelector = old.nodeSelector
  if (old.affinity?.nodeAffinity === undefined) {
    const { nodeAffinity: _, ...rest } = masked.affinity ?? {}
    masked.affinity = equalOrEmpty(rest, old.affinity) ? old.affinity : masked.affinity
  }
}

function checkEphemeral(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  const path = 'spec.ephemeralContainers'
  const after = new Map<string, EphemeralContainer>((pod.spec.ephemeralContainers ?? []).map((one) => [one.name, one]))
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = after.get(before.name)
    const name = JSON.stringify(before.name)
    if (now === undefined) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be removed\n`))
    else if (!equalJson(now, before)) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be changed\n`))
  }
  const rest = { ...pod.spec, ephemeralContainers: old.spec.ephemeralContainers }
  if (!equalParts(rest, old.spec))
    errors.push(forbidden('spec', 'only `spec.ephemeralContainers` may be changed through this subresource'))
  return errors
}
