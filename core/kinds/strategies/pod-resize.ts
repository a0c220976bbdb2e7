/** What the subresource `resize` may change of a pod: cpu and memory of containers that are restarted by themselves. */
import type { FieldError } from '../contract.js'
import { equalParts } from '../equal.js'
import { forbidden, invalid } from '../field-error.js'
import { compareQuantities } from '../quantity.js'
import type { Container, Pod, ResourceRequirements } from '../types.js'
import { qosClass } from './pod-qos.js'

type Amounts = Readonly<Record<string, string>>
const RESIZABLE = ['cpu', 'memory'] as const
const RESTART = 'RestartContainer'

export function checkResize({ spec, status }: Pod, { spec: old, status: oldStatus, metadata }: Pod): FieldError[] {
  if (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return [forbidden('', 'static pods cannot be resized')]
  if (old.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')]
  const errors: FieldError[] = []
  if ((oldStatus?.qosClass ?? qosClass(old)) !== qosClass(spec)) {
    const detail = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalid('spec', status?.qosClass ?? '', detail))
  }
  const running = oldStatus?.containerStatuses?.find(({ state }) => state?.running !== undefined)
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbidden('spec', 'Pod running on node without support for resize'))
  }
  for (const [index, before] of (old.initContainers ?? []).entries()) {
    const now = spec.initContainers?.[index]
    if (now !== undefined && isSidecar(before)) checkContainer(errors, `spec.initContainers[${index}].resources`, now, before)
  }
  for (const [index, before] of (old.containers ?? []).entries()) {
    const now = spec.containers?.[index]
    if (now !== undefined) checkContainer(errors, `spec.containers[${index}].resources`, now, before)
  }
  const detail = 'only cpu and memory resources are mutable'
  checkRest(errors, spec.containers, old.containers, () => detail)
  checkRest(errors, spec.initContainers, old.initContainers, (container) =>
    isSidecar(container)
      ? 'only cpu and memory resources for sidecar containers are mutable'
      : 'resources for non-sidecar init containers are immutable',
  )
  if (errors.length > 0) return errors
  const masked = { ...spec, containers: old.containers, initContainers: old.initContainers }
  const counts = (one: typeof spec) => `${one.containers?.length ?? 0} ${one.initContainers?.length ?? 0}`
  return equalParts(masked, old) && counts(spec) === counts(old) ? [] : [forbidden('spec', detail)]
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

function checkContainer(errors: FieldError[], at: string, now: Container, before: Container): void {
  for (const list of ['requests', 'limits'] as const) {
    const [amounts, old] = [now.resources?.[list] ?? {}, before.resources?.[list] ?? {}]
    const removed = Object.keys(old).some((name) => amounts[name] === undefined)
    if (removed) errors.push(forbidden(`${at}.${list}`, `resource ${list} cannot be removed`))
  }
  if (now.resizePolicy?.find(({ resourceName }) => resourceName === 'memory')?.restartPolicy === RESTART) return
  const [limit, old] = [now.resources?.limits?.memory, before.resources?.limits?.memory]
  if (limit === undefined) return
  const change = old === undefined ? 'added' : compareQuantities(limit, old) < 0 ? 'decreased' : undefined
  if (change === undefined) return
  errors.push(forbidden(`${at}.limits[memory]`, `memory limits cannot be ${change} unless resizePolicy is ${RESTART}`))
}

/** One finding for each container that differs in more than it may. */
function checkRest(
  errors: FieldError[],
  list: readonly Container[] | undefined,
  old: readonly Container[] | undefined,
  detail: (container: Container) => string,
): void {
  for (const [index, container] of (list ?? []).entries()) {
    const before = old?.[index]
    if (before === undefined) continue
    const isFixed = detail(container).endsWith('immutable')
    const resources = isFixed ? container.resources : withOld(container.resources, before.resources)
    const same =
      equalParts(resources ?? {}, before.resources ?? {}) &&
      equalParts({ ...container, resources: undefined }, { ...before, resources: undefined })
    if (!same) errors.push(forbidden('spec', detail(container)))
  }
}

function withOld(now: ResourceRequirements = {}, before: ResourceRequirements = {}): ResourceRequirements {
  const settle = (amounts: Amounts = {}, old: Amounts = {}): Record<string, string> => {
    const settled: Record<string, string> = { ...amounts }
    for (const name of RESIZABLE) {
      if (old[name] === undefined) delete settled[name]
      else settled[name] = old[name]
    }
    return settled
  }
  return { ...now, requests: settle(now.requests, before.requests), limits: settle(now.limits, before.limits) }
}
