/** Deployments, ReplicaSets, ReplicationControllers, DaemonSets and StatefulSets: what keeps pods running. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { equalOrEmpty } from '../equal.js'
import { checkNotNegative, forbidden, invalid, required } from '../field-error.js'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from '../types.js'
import { defaultPodTemplate } from './pod-defaults.js'
import { checkPodTemplate } from './pod-spec.js'
import {
  checkAlwaysRestarts,
  checkAtMostAll,
  checkCount,
  checkSelector,
  checkTemplateMatches,
  checkUnchanged,
  isZero,
} from './shared.js'
import { defaultClaim } from './storage.js'

const QUARTER = '25%'
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

// -------------------------------------------------------------------------------------------------------- Deployment

export const deploymentStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as Deployment
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
    spec.strategy ??= {}
    const { strategy } = spec
    strategy.type ||= 'RollingUpdate'
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {}
      strategy.rollingUpdate.maxUnavailable ??= QUARTER
      strategy.rollingUpdate.maxSurge ??= QUARTER
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
  },
  prepareCreate: emptyStatus,
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as Deployment
    checkNotNegative(errors, 'spec.replicas', spec.replicas)
    checkSelector(errors, 'spec.selector', spec.selector, 'deployment')
    checkTemplate(errors, object as Deployment)
    checkRollout(errors, object as Deployment)
    checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    checkNotNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
    const deadline = spec.progressDeadlineSeconds
    checkNotNegative(errors, 'spec.progressDeadlineSeconds', deadline)
    if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
    }
    return errors
  },
  validateUpdate: selectorStays,
}

function checkRollout(errors: FieldError[], { spec }: Deployment): void {
  const path = 'spec.strategy.rollingUpdate'
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (type === 'Recreate' && rollingUpdate !== undefined) {
    errors.push(forbidden(path, "may not be specified when strategy `type` is 'Recreate'"))
  }
  if (type !== 'RollingUpdate' || rollingUpdate === undefined) return
  const { maxSurge, maxUnavailable } = rollingUpdate
  checkCount(errors, `${path}.maxUnavailable`, maxUnavailable)
  checkCount(errors, `${path}.maxSurge`, maxSurge)
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  checkAtMostAll(errors, `${path}.maxUnavailable`, maxUnavailable)
}

function checkTemplate(errors: FieldError[], object: Deployment | ReplicaSet | DaemonSet | StatefulSet): void {
  const { template, selector } = object.spec
  checkPodTemplate(errors, 'spec.template', template)
  checkTemplateMatches(errors, selector, template)
  checkAlwaysRestarts(errors, template, object.kind)
}

function selectorStays(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  const now = (object as ReplicaSet).spec.selector
  checkUnchanged(errors, 'spec.selector', now, (old as ReplicaSet).spec.selector)
  return errors
}

function emptyStatus(object: KubeObject): void {
  object.status = {}
}

// --------------------------------------------------------------------------------- ReplicaSet, ReplicationController

export const replicaSetStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as ReplicaSet
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
  },
  prepareCreate(object) {
    object.status = { replicas: 0 }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as ReplicaSet
    checkNotNegative(errors, 'spec.replicas', spec.replicas)
    checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    // The sentence of Kubernetes, which checks both kinds with the same function.
    checkSelector(errors, 'spec.selector', spec.selector, 'deployment')
    checkTemplate(errors, object as ReplicaSet)
    return errors
  },
  validateUpdate: selectorStays,
}

export const replicationControllerStrategy: Strategy = {
  defaults(object) {
    const { spec, metadata } = object as ReplicationController
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
    const labels = spec.template?.metadata?.labels
    if (labels === undefined) return
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
    if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels }
  },
  prepareCreate(object) {
    object.status = { replicas: 0 }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as ReplicationController
    checkNotNegative(errors, 'spec.replicas', spec.replicas)
    checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    if (Object.keys(spec.selector ?? {}).length === 0) errors.push(required('spec.selector'))
    checkPodTemplate(errors, 'spec.template', spec.template)
    checkTemplateMatches(errors, spec.selector, spec.template)
    checkAlwaysRestarts(errors, spec.template, 'ReplicationController')
    return errors
  },
}

// --------------------------------------------------------------------------------------------------------- DaemonSet

export const daemonSetStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as DaemonSet
    defaultPodTemplate(spec.template)
    spec.updateStrategy ??= {}
    const { updateStrategy } = spec
    updateStrategy.type ||= 'RollingUpdate'
    if (updateStrategy.type === 'RollingUpdate') {
      updateStrategy.rollingUpdate ??= {}
      updateStrategy.rollingUpdate.maxUnavailable ??= 1
      updateStrategy.rollingUpdate.maxSurge ??= 0
    }
    spec.revisionHistoryLimit ??= 10
  },
  prepareCreate(object) {
    setTemplateGeneration(object, 1)
    object.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
  },
  prepareUpdate(object, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1)
    const same = equalOrEmpty((object as DaemonSet).spec.template, (old as DaemonSet).spec.template)
    setTemplateGeneration(object, same ? before : before + 1)
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as DaemonSet
    checkSelector(errors, 'spec.selector', spec.selector, 'daemonset')
    checkTemplate(errors, object as DaemonSet)
    checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    checkNotNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
    const rolling = spec.updateStrategy?.rollingUpdate
    if (spec.updateStrategy?.type !== 'RollingUpdate' || rolling === undefined) return errors
    const path = 'spec.updateStrategy.rollingUpdate'
    checkCount(errors, `${path}.maxUnavailable`, rolling.maxUnavailable)
    checkCount(errors, `${path}.maxSurge`, rolling.maxSurge)
    checkAtMostAll(errors, `${path}.maxUnavailable`, rolling.maxUnavailable)
    checkAtMostAll(errors, `${path}.maxSurge`, rolling.maxSurge)
    if (isZero(rolling.maxUnavailable) === isZero(rolling.maxSurge)) {
      const detail = isZero(rolling.maxSurge)
        ? 'cannot be 0 when maxSurge is 0'
        : 'may not be set when maxUnavailable is non-zero'
      errors.push(
        isZero(rolling.maxSurge)
          ? required(`${path}.maxUnavailable`, detail)
          : invalid(`${path}.maxSurge`, rolling.maxSurge, detail),
      )
    }
    return errors
  },
  validateUpdate: selectorStays,
}

function setTemplateGeneration(object: KubeObject, generation: number): void {
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: `${generation}` }
}

// ------------------------------------------------------------------------------------- StatefulSet, ControllerRevision

const STATEFUL_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const
const STATEFUL_TEXT =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

/** As its Pods are to be: a claim template is a volume, and takes the place of one of the same name. */
function withClaims(set: StatefulSet): StatefulSet {
  const { template, volumeClaimTemplates = [] } = set.spec
  if (volumeClaimTemplates.length === 0 || !template?.spec) return set
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name))
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name))
  const spec = { ...template.spec, volumes: [...others, ...claims] }
  return { ...set, spec: { ...set.spec, template: { ...template, spec } } }
}

export const statefulSetStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as StatefulSet
    spec.podManagementPolicy ||= 'OrderedReady'
    spec.updateStrategy ??= {}
    const { updateStrategy } = spec
    updateStrategy.type ||= 'RollingUpdate'
    if (updateStrategy.type === 'RollingUpdate') {
      updateStrategy.rollingUpdate ??= {}
      updateStrategy.rollingUpdate.partition ??= 0
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {}
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    defaultPodTemplate(spec.template)
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion ||= 'v1'
      claim.kind ||= 'PersistentVolumeClaim'
      defaultClaim(claim)
    }
  },
  prepareCreate(object) {
    object.status = { replicas: 0, availableReplicas: 0 }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as StatefulSet
    checkNotNegative(errors, 'spec.replicas', spec.replicas)
    checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    checkNotNegative(errors, 'spec.ordinals.start', spec.ordinals?.start)
    checkNotNegative(errors, 'spec.updateStrategy.rollingUpdate.partition', spec.updateStrategy?.rollingUpdate?.partition)
    if (spec.updateStrategy?.type === 'OnDelete' && spec.updateStrategy.rollingUpdate !== undefined) {
      const detail = "only allowed for updateStrategy 'RollingUpdate'"
      errors.push(invalid('spec.updateStrategy.rollingUpdate', spec.updateStrategy.rollingUpdate, detail))
    }
    const { podManagementPolicy: order = '', updateStrategy } = spec
    if (order !== 'OrderedReady' && order !== 'Parallel') {
      errors.push(invalid('spec.podManagementPolicy', order, "must be 'OrderedReady' or 'Parallel'"))
    }
    if (updateStrategy?.type !== 'RollingUpdate' && updateStrategy?.type !== 'OnDelete') {
      errors.push(invalid('spec.updateStrategy', updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"))
    }
    checkSelector(errors, 'spec.selector', spec.selector, 'statefulset')
    checkTemplate(errors, withClaims(object as StatefulSet))
    return errors
  },
  validateUpdate(object, old) {
    const now: Record<string, unknown> = { ...(object as StatefulSet).spec }
    const before: Record<string, unknown> = { ...(old as StatefulSet).spec }
    for (const name of STATEFUL_MUTABLE) {
      delete now[name]
      delete before[name]
    }
    const names = new Set([...Object.keys(now), ...Object.keys(before)])
    const same = [...names].every((name) => equalOrEmpty(now[name], before[name]))
    return same ? [] : [forbidden('spec', STATEFUL_TEXT)]
  },
}

export const controllerRevisionStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { data, revision } = object as ControllerRevision
    if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'))
    checkNotNegative(errors, 'revision', revision)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'data', (object as ControllerRevision).data, (old as ControllerRevision).data)
    return errors
  },
}
