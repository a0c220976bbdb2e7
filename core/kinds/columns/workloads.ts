/** Tables of what runs pods: the controllers of `apps` and `batch`, autoscalers and budgets. */
import type { TablePrinter } from '../contract.js'
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodDisruptionBudget,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  Scale,
  StatefulSet,
} from '../types.js'
import {
  age,
  containerImages,
  containerNames,
  formatBoolean,
  formatLabels,
  formatSelector,
  humanDuration,
  NONE,
  printer,
  since,
} from './format.js'

type Template = { spec?: { containers: Parameters<typeof containerNames>[0] } | undefined } | undefined
const names = (template: Template) => containerNames(template?.spec?.containers)
const images = (template: Template) => containerImages(template?.spec?.containers)

const deployment = printer<Deployment>('Name,Ready,Up-to-date#,Available#,Age,[Containers,Images,Selector]', (object, now) => [
  object.metadata.name,
  `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
  object.status?.updatedReplicas ?? 0,
  object.status?.availableReplicas ?? 0,
  age(object, now),
  names(object.spec.template),
  images(object.spec.template),
  formatSelector(object.spec.selector),
])

const replicaSet = printer<ReplicaSet>('Name,Desired#,Current#,Ready#,Age,[Containers,Images,Selector]', (object, now) => [
  object.metadata.name,
  object.spec.replicas ?? 0,
  object.status?.replicas ?? 0,
  object.status?.readyReplicas ?? 0,
  age(object, now),
  names(object.spec.template),
  images(object.spec.template),
  formatSelector(object.spec.selector),
])

const replicationController = printer<ReplicationController>(
  'Name,Desired#,Current#,Ready#,Age,[Containers,Images,Selector]',
  (object, now) => [
    object.metadata.name,
    object.spec.replicas ?? 0,
    object.status?.replicas ?? 0,
    object.status?.readyReplicas ?? 0,
    age(object, now),
    names(object.spec.template),
    images(object.spec.template),
    formatLabels(object.spec.selector),
  ],
)

const daemonSet = printer<DaemonSet>(
  'Name,Desired#,Current#,Ready#,Up-to-date#,Available#,Node Selector,Age,[Containers,Images,Selector]',
  (object, now) => [
    object.metadata.name,
    object.status?.desiredNumberScheduled ?? 0,
    object.status?.currentNumberScheduled ?? 0,
    object.status?.numberReady ?? 0,
    object.status?.updatedNumberScheduled ?? 0,
    object.status?.numberAvailable ?? 0,
    formatLabels(object.spec.template.spec?.nodeSelector),
    age(object, now),
    names(object.spec.template),
    images(object.spec.template),
    formatSelector(object.spec.selector),
  ],
)

const statefulSet = printer<StatefulSet>('Name,Ready,Age,[Containers,Images]', (object, now) => [
  object.metadata.name,
  `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
  age(object, now),
  names(object.spec.template),
  images(object.spec.template),
])

const job = printer<Job>('Name,Status,Completions,Duration,Age,[Containers,Images,Selector]', (object, now) => [
  object.metadata.name,
  jobStatus(object),
  jobCompletions(object),
  jobDuration(object, now),
  age(object, now),
  names(object.spec.template),
  images(object.spec.template),
  formatSelector(object.spec.selector),
])

function jobStatus(object: Job): string {
  const holds = (type: string) => object.status?.conditions?.some((one) => one.type === type && one.status === 'True') === true
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running'
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime)
  return humanDuration(end - Date.parse(status.startTime))
}

const cronJob = printer<CronJob>(
  'Name,Schedule,Timezone,Suspend,Active#,Last Schedule,Age,[Containers,Images,Selector]',
  (object, now) => [
    object.metadata.name,
    object.spec.schedule,
    object.spec.timeZone ?? NONE,
    formatBoolean(object.spec.suspend),
    object.status?.active?.length ?? 0,
    object.status?.lastScheduleTime === undefined ? NONE : since(object.status.lastScheduleTime, now),
    age(object, now),
    names(object.spec.jobTemplate.spec?.template),
    images(object.spec.jobTemplate.spec?.template),
    formatSelector(object.spec.jobTemplate.spec?.selector),
  ],
)

const controllerRevision = printer<ControllerRevision>('Name,Controller,Revision#,Age', (object, now) => {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true)
  const slash = owner?.apiVersion.indexOf('/') ?? -1
  const group = slash < 0 ? '' : `.${owner?.apiVersion.slice(0, slash)}`
  const controller = owner === undefined ? NONE : `${owner.kind.toLowerCase()}${group}/${owner.name}`
  return [object.metadata.name, controller, object.revision, age(object, now)]
})

const podTemplate = printer<PodTemplate>('Name,Containers,Images,Pod Labels', (object) => [
  object.metadata.name,
  names(object.template),
  images(object.template),
  formatLabels(object.template?.metadata?.labels),
])

const podDisruptionBudget = printer<PodDisruptionBudget>(
  'Name,Min Available,Max Unavailable,Allowed Disruptions#,Age',
  (object, now) => [
    object.metadata.name,
    `${object.spec.minAvailable ?? 'N/A'}`,
    `${object.spec.maxUnavailable ?? 'N/A'}`,
    object.status?.disruptionsAllowed ?? 0,
    age(object, now),
  ],
)

const scale = printer<Scale>('Name,Desired#,Available#,Age', (object, now) => [
  object.metadata.name,
  object.spec.replicas ?? 0,
  object.status?.replicas ?? 0,
  age(object, now),
])

export const workloadTables: Readonly<Record<string, TablePrinter>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'apps/DaemonSet': daemonSet,
  'apps/StatefulSet': statefulSet,
  'apps/ControllerRevision': controllerRevision,
  '/ReplicationController': replicationController,
  '/PodTemplate': podTemplate,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  'policy/PodDisruptionBudget': podDisruptionBudget,
  'autoscaling/Scale': scale,
}
