/** A Pod as a Job's template says; pure. The API gives it its name. */
import { ownerReference } from '@davit/core/controller'
import type { Container, EnvVar, Job, Pod, PodSpec } from '@davit/core/kinds'
import { failureVerdict } from './failure-policy.js'
import { hasLimitPerIndex, isIndexed } from './job.js'
import { failureCountKey, ignoredCountKey, indexKey, trackingFinalizer } from './names.js'
import type { NewPod } from './plan.js'
import { countIn } from './pod-facts.js'

const indexVariable: EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } },
}
/** Five characters of a name are the API's. */
const longestPrefix = 58

export function podOf(job: Job, { index, after }: NewPod): Pod {
  const { metadata = {}, spec = { containers: [] } } = job.spec.template
  const annotations = { ...metadata.annotations, ...indexAnnotations(job, index, after) }
  const labels = { ...metadata.labels, ...(index !== undefined && { [indexKey]: String(index) }) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: prefixOf(job, index),
      namespace: job.metadata.namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
      finalizers: [...new Set([...(metadata.finalizers ?? []), trackingFinalizer])],
      ownerReferences: [ownerReference(job)],
    },
    spec: isIndexed(job) ? { ...withIndex(spec), hostname: `${job.metadata.name}-${index}` } : spec,
  }
}

function prefixOf({ metadata: { name } }: Job, index: number | undefined): string {
  const end = index === undefined ? '-' : `-${index}-`
  return `${name.slice(0, longestPrefix - end.length)}${end}`
}

function indexAnnotations(job: Job, index: number | undefined, after: Pod | undefined): Record<string, string> {
  if (index === undefined) return {}
  if (!hasLimitPerIndex(job)) return { [indexKey]: String(index) }
  const { failures, ignored } = countsAfter(job, after)
  return {
    [indexKey]: String(index),
    [failureCountKey]: String(failures),
    ...(ignored > 0 && { [ignoredCountKey]: String(ignored) }),
  }
}

function countsAfter(job: Job, after: Pod | undefined): { readonly failures: number; readonly ignored: number } {
  if (!after) return { failures: 0, ignored: 0 }
  const before = { failures: countIn(after, failureCountKey), ignored: countIn(after, ignoredCountKey) }
  return failureVerdict(job, after).counts
    ? { ...before, failures: before.failures + 1 }
    : { ...before, ignored: before.ignored + 1 }
}

function withIndex(spec: PodSpec): PodSpec {
  const told = (container: Container) => {
    const { env = [] } = container
    return env.some(({ name }) => name === indexVariable.name) ? container : { ...container, env: [...env, indexVariable] }
  }
  return {
    ...spec,
    containers: spec.containers.map(told),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(told) }),
  }
}
