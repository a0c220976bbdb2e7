/** Jobs and CronJobs: what runs pods to an end. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkName, checkNotNegative, invalid, notSupported, required, tooLong } from '../field-error.js'
import { dnsSubdomain } from '../names.js'
import { parseSchedule } from '../schedule.js'
import { selectorFromObject } from '../selector.js'
import type { CronJob, Job, JobSpec, PodTemplateSpec } from '../types.js'
import { checkHostnames, checkIndexed, checkNotIndexed } from './job-indexes.js'
import { checkFailurePolicy, checkSuccessPolicy } from './job-policies.js'
import { defaultPodTemplate } from './pod-defaults.js'
import { checkPodTemplate } from './pod-spec.js'
import { checkTemplateMatches, checkUnchanged } from './shared.js'

const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'] as const
const CRON_NAME_LIMIT = 52

export const jobStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as Job
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
    spec.parallelism ??= 1
    // With a limit per index the limit over all is out of the way.
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1
    spec.completionMode ??= 'NonIndexed'
    spec.suspend ??= false
    spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
    defaultLabels(object as Job)
    defaultFailurePolicy(spec)
    defaultPodTemplate(spec.template)
  },
  prepareCreate(object) {
    object.status = {}
    if ((object as Job).spec.manualSelector !== true) generateSelector(object as Job)
    defaultLabels(object as Job)
  },
  validate(object) {
    const errors: FieldError[] = []
    checkHostnames(errors, object as Job)
    checkGenerated(errors, object as Job)
    checkJobSpec(errors, 'spec', (object as Job).spec)
    checkTemplateMatches(errors, (object as Job).spec.selector, (object as Job).spec.template)
    if ((object as Job).spec.selector === undefined) errors.push(required('spec.selector'))
    return errors
  },
  validateUpdate: (object, old) => checkJobUpdate(object as Job, old as Job),
}

function defaultLabels({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels }
}

function defaultFailurePolicy({ podFailurePolicy }: JobSpec): void {
  for (const rule of podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
  }
}

/** Labels that no other Job can have, so that nobody else's pods are counted. What the user set stays. */
function generateSelector(job: Job): void {
  const { uid = '', name } = job.metadata
  job.spec.template ??= {}
  const { template } = job.spec
  template.metadata ??= {}
  template.metadata.labels ??= {}
  const { labels } = template.metadata
  for (const key of UID_LABELS) labels[key] ??= uid
  for (const key of NAME_LABELS) labels[key] ??= name
  job.spec.selector ??= {}
  job.spec.selector.matchLabels = { ...job.spec.selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid }
}

function checkJobSpec(errors: FieldError[], path: string, spec: JobSpec): void {
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    checkNotNegative(errors, `${path}.${field}`, spec[field])
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  checkManager(errors, `${path}.managedBy`, spec.managedBy)
  if (spec.completionMode === 'Indexed') checkIndexed(errors, path, spec)
  else checkNotIndexed(errors, path, spec)
  checkFailurePolicy(errors, `${path}.podFailurePolicy`, spec)
  checkSuccessPolicy(errors, `${path}.successPolicy`, spec)
  if (spec.podFailurePolicy !== undefined && spec.podReplacementPolicy === 'TerminatingOrFailed') {
    errors.push(notSupported(`${path}.podReplacementPolicy`, spec.podReplacementPolicy, ['Failed']))
  }
  checkPodTemplate(errors, `${path}.template`, spec.template)
  const restart = spec.template?.spec?.restartPolicy
  const field = `${path}.template.spec.restartPolicy`
  if (restart === 'Always') errors.push(required(field, 'valid values: "OnFailure", "Never"'))
  else if (restart !== undefined && restart !== 'OnFailure' && restart !== 'Never') {
    errors.push(notSupported(field, restart, ['OnFailure', 'Never']))
  }
  if (spec.podFailurePolicy !== undefined && restart === 'OnFailure') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified'
    errors.push(invalid(field, restart, detail))
  }
}

/** A path with a domain before it. */
function checkManager(errors: FieldError[], field: string, manager: string | undefined): void {
  if (manager === undefined) return
  if (manager.length > 63) errors.push(tooLong(field, 63))
  const slash = manager.indexOf('/')
  if (slash <= 0 || slash === manager.length - 1) {
    errors.push(invalid(field, manager, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  } else checkName(errors, field, manager.slice(0, slash), dnsSubdomain)
}

/** A Job made from what another one has become would count the Pods of that one. */
function checkGenerated(errors: FieldError[], { metadata, spec }: Job): void {
  if (spec.manualSelector === true || spec.selector === undefined) return
  const { uid = '', name } = metadata
  const labels = spec.template?.metadata?.labels
  const wanted = [...UID_LABELS.map((key) => [key, uid] as const), ...NAME_LABELS.map((key) => [key, name] as const)]
  for (const [key, value] of wanted) {
    if (labels?.[key] === value) continue
    errors.push(invalid(`spec.template.metadata.labels[${key}]`, labels, `must be '${value}'`))
  }
  const { value: selector } = selectorFromObject(spec.selector)
  if (selector && !selector.matches(Object.fromEntries(wanted))) {
    errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'))
  }
}

function checkJobUpdate(job: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = job
  checkUnchanged(errors, 'spec.selector', spec.selector, old.spec.selector)
  checkUnchanged(errors, 'spec.completionMode', spec.completionMode, old.spec.completionMode)
  checkUnchanged(errors, 'spec.podFailurePolicy', spec.podFailurePolicy, old.spec.podFailurePolicy)
  checkUnchanged(errors, 'spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex)
  checkUnchanged(errors, 'spec.managedBy', spec.managedBy, old.spec.managedBy)
  checkUnchanged(errors, 'spec.successPolicy', spec.successPolicy, old.spec.successPolicy)
  checkCompletions(errors, spec, old.spec)
  const unstarted = old.spec.suspend === true && old.status?.startTime === undefined
  const template = unstarted ? withScheduling(spec.template, old.spec.template) : spec.template
  if (!equalJson(template, old.spec.template)) errors.push(invalid('spec.template', spec.template, 'field is immutable'))
  return errors
}

/** An indexed Job can grow and shrink, if all its pods may run at once. */
function checkCompletions(errors: FieldError[], spec: JobSpec, old: JobSpec): void {
  if (spec.completions === old.completions) return
  if (spec.completionMode !== 'Indexed') checkUnchanged(errors, 'spec.completions', spec.completions, old.completions)
  else if (spec.completions !== spec.parallelism) {
    const detail = 'can only be modified in tandem with spec.parallelism'
    errors.push(invalid('spec.completions', spec.completions, detail))
  }
}

/** As long as it has not started, a queue may still say where its pods go. */
function withScheduling(template: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const { spec } = template
  if (spec === undefined || old.spec === undefined) return template
  const { nodeSelector, affinity, tolerations, schedulingGates } = old.spec
  const { labels, annotations } = old.metadata ?? {}
  return {
    ...template,
    metadata: { ...template.metadata, labels, annotations },
    spec: { ...spec, nodeSelector, affinity, tolerations, schedulingGates },
  }
}

// ----------------------------------------------------------------------------------------------------------- CronJob

export const cronJobStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as CronJob
    spec.concurrencyPolicy ||= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    const job = spec.jobTemplate?.spec
    if (job === undefined) return
    defaultFailurePolicy(job)
    defaultPodTemplate(job.template)
  },
  prepareCreate(object) {
    object.status = {}
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec, metadata } = object as CronJob
    if ((metadata.name ?? '').length > CRON_NAME_LIMIT) {
      errors.push(invalid('metadata.name', metadata.name, `must be no more than ${CRON_NAME_LIMIT} characters`))
    }
    if (spec.schedule) checkSchedule(errors, spec.schedule)
    checkTimeZone(errors, spec.timeZone)
    for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
      checkNotNegative(errors, `spec.${field}`, spec[field])
    }
    if (spec.jobTemplate?.spec === undefined) errors.push(required('spec.jobTemplate.spec.template'))
    else checkJobSpec(errors, 'spec.jobTemplate.spec', spec.jobTemplate.spec)
    if (spec.jobTemplate?.spec?.manualSelector === true) {
      errors.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
    }
    return errors
  },
}

function checkSchedule(errors: FieldError[], schedule: string): void {
  if (/TZ=/.test(schedule)) {
    errors.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  }
  const { error } = parseSchedule(schedule.replace(/^(CRON_)?TZ=\S+\s+/, ''))
  if (error !== undefined) errors.push(invalid('spec.schedule', schedule, error))
}

function checkTimeZone(errors: FieldError[], zone: string | undefined): void {
  if (zone === undefined) return
  if (zone === '' || zone.toLowerCase() === 'local') {
    const detail =
      zone === ''
        ? 'timeZone must be nil or non-empty string'
        : 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.push(invalid('spec.timeZone', zone, detail))
    return
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    errors.push(invalid('spec.timeZone', zone, `unknown time zone ${zone}`))
  }
}
