/** The Pod in a request, or the one that a workload is a template for. Pure. */
import type { Container, CronJob, KubeObject, Pod, PodSpec, PodTemplate, PodTemplateSpec, ReplicaSet } from '@davit/core/kinds'
import { containersOf, type Subject } from './check.js'

export const templated: ReadonlySet<string> = new Set([
  ...['/replicationcontrollers', '/podtemplates', 'batch/jobs', 'batch/cronjobs'],
  ...['apps/replicasets', 'apps/deployments', 'apps/statefulsets', 'apps/daemonsets'],
])

export function subjectOf(object: KubeObject): Subject | undefined {
  if (object.kind === 'Pod') return { metadata: object.metadata, spec: (object as Pod).spec }
  const template = templateOf(object)
  return template?.spec && { metadata: template.metadata ?? {}, spec: template.spec }
}

function templateOf(object: KubeObject): PodTemplateSpec | undefined {
  if (object.kind === 'PodTemplate') return (object as PodTemplate).template
  if (object.kind === 'CronJob') return (object as CronJob).spec?.jobTemplate?.spec?.template
  // All others have it in the same place.
  return (object as ReplicaSet).spec?.template
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'

/** Of what may change in a Pod only images, what is debugged in it, and old annotations matter to a standard. */
export function isSignificantUpdate(pod: Pod, old: Pod): boolean {
  const [now, before] = [pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}]
  if (now[seccompPod] !== before[seccompPod]) return true
  if (countOf(pod.spec) !== countOf(old.spec)) return true
  const known = new Map(containersOf(old.spec).map((container): [string, Container] => [container.name, container]))
  return containersOf(pod.spec).some(({ name, image }) => {
    const key = `${seccompContainer}${name}`
    return known.get(name)?.image !== image || now[key] !== before[key]
  })
}

const countOf = ({ containers, initContainers = [] }: PodSpec): string => `${containers.length} ${initContainers.length}`
