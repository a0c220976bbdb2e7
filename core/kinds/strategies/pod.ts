import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { forbidden } from '../field-error.js'
import type { ContainerStatus, Pod, PodTemplate } from '../types.js'
import { defaultPod, defaultPodTemplate } from './pod-defaults.js'
import { qosClass } from './pod-qos.js'
import { checkPodSpec, checkPodTemplate } from './pod-spec.js'
import { checkPodUpdate } from './pod-update.js'

export const podStrategy: Strategy = {
  defaults(object) {
    const pod = object as Pod
    defaultPod(pod)
    // Writers of status need not know the class.
    if (pod.status !== undefined) pod.status.qosClass ??= qosClass(pod.spec)
  },
  prepareCreate(object) {
    const pod = object as Pod
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) }
    if ((pod.spec.schedulingGates ?? []).length === 0) return
    const message = 'Scheduling is blocked due to non-empty scheduling gates'
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }]
  },
  prepareUpdate(object) {
    const { spec } = object as Pod
    // As Kubernetes: a negative grace that reaches an update is the shortest one.
    if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
  },
  validate(object) {
    const errors: FieldError[] = []
    checkPodSpec(errors, 'spec', (object as Pod).spec)
    return errors
  },
  validateUpdate: (object, old, subresource) => checkPodUpdate(object as Pod, old as Pod, subresource),
  validateStatusUpdate(object, old) {
    const errors: FieldError[] = []
    checkRestarts(errors, object as Pod, old as Pod)
    const node = (old as Pod).spec.nodeName
    if ((object as Pod).spec.nodeName !== node) {
      errors.push(forbidden('status.nodeName', 'may not be changed directly'))
    }
    return errors
  },
}

/** A container that ended for good must not seem to run again. */
function checkRestarts(errors: FieldError[], pod: Pod, old: Pod): void {
  if (old.spec.restartPolicy === 'Always') return
  const now = new Map<string, ContainerStatus>((pod.status?.containerStatuses ?? []).map((status) => [status.name, status]))
  for (const [index, before] of (old.status?.containerStatuses ?? []).entries()) {
    const ended = before.state?.terminated
    if (ended === undefined || (ended.exitCode !== 0 && old.spec.restartPolicy === 'OnFailure')) continue
    const after = now.get(before.name)
    if (after !== undefined && after.state?.terminated === undefined) {
      errors.push(forbidden(`status.containerStatuses[${index}].state`, 'may not be transitioned to non-terminated state'))
    }
  }
}

export const podTemplateStrategy: Strategy = {
  defaults: (object: KubeObject) => defaultPodTemplate((object as PodTemplate).template),
  validate(object) {
    const errors: FieldError[] = []
    checkPodTemplate(errors, 'template', (object as PodTemplate).template)
    return errors
  },
}
