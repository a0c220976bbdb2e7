/** Admission: the name of a pod's priority class becomes its number. */
import { ApiError } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { Pod, PriorityClass } from '../kinds/contract.js'
import { WatchCachesToken } from '../watch/contract.js'
import { ApiHooksToken } from './contract.js'
import { isNewPod, isPodUpdate } from './pod-admission.js'

/** They exist in every cluster. */
export const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
])

interface Resolved {
  readonly name?: string
  readonly value: number
  readonly preemptionPolicy: string
}
const ordinary: Resolved = { value: 0, preemptionPolicy: 'PreemptLowerPriority' }

export const priorityAdmission = definePlugin({
  id: 'admission-priority',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken },
  async setup(context, { hooks, caches }) {
    const classes = caches.cache('scheduling.k8s.io', 'priorityclasses')
    const resolve = (name: string): Resolved | undefined => {
      const known = classes.get('', name)
      if (known) return resolved(known.object as PriorityClass)
      const value = systemClasses.get(name)
      return value === undefined ? undefined : { ...ordinary, name, value }
    }
    context.tap(hooks.mutate, async (object, request) => {
      const pod = object as Pod
      if (isPodUpdate(request)) keep(pod, request.oldObject as Pod)
      if (!isNewPod(request)) return undefined
      await classes.ready
      const name = pod.spec?.priorityClassName ?? ''
      const found = name === '' ? globalDefault(classes.list().items.map((item) => item.object as PriorityClass)) : resolve(name)
      if (!found) throw forbidden(pod, `no PriorityClass with name ${name} was found`)
      set(pod, found)
      return undefined
    })
    return {}
  },
})

/** Of several global defaults the lowest counts; without one pods have priority 0. */
function globalDefault(classes: readonly PriorityClass[]): Resolved {
  let lowest: PriorityClass | undefined
  for (const one of classes) if (one.globalDefault && (!lowest || one.value < lowest.value)) lowest = one
  return lowest ? resolved(lowest) : ordinary
}

function resolved({ metadata, value, preemptionPolicy }: PriorityClass): Resolved {
  return { name: metadata.name, value, preemptionPolicy: preemptionPolicy ?? ordinary.preemptionPolicy }
}

function set(pod: Pod, { name, value, preemptionPolicy }: Resolved): void {
  const { spec } = pod
  if (!spec) return
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden(
      pod,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
        `priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw forbidden(
      pod,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ` +
        `priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    )
  }
  if (name !== undefined) spec.priorityClassName = name
  spec.priority = value
  spec.preemptionPolicy = preemptionPolicy
}

/** What was worked out at the creation, for an update that leaves it out. */
function keep(pod: Pod, old: Pod): void {
  const { priority, preemptionPolicy } = old.spec ?? {}
  if (!pod.spec) return
  if (priority !== undefined) pod.spec.priority ??= priority
  if (preemptionPolicy !== undefined) pod.spec.preemptionPolicy ??= preemptionPolicy
}

function forbidden(pod: Pod, reason: string): ApiError {
  return ApiError.forbidden({ group: '', resource: 'pods' }, pod.metadata.name, reason)
}
