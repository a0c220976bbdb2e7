/** Which Pods count for a metric, and how. Pure. */
import type { MeasuredPod } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import { quantityToMilli } from '@davit/core/kinds'
import type { AutoscalerConfig } from './config.js'
import { MetricError } from './metric-error.js'

/** Of one Pod. */
export interface PodSample {
  /** In thousandths. */
  readonly value: number
  /** Milliseconds since 1970; the end of the window. */
  readonly at: number
  readonly windowMs: number
}
export type PodSamples = ReadonlyMap<string, PodSample>

export interface Grouping {
  readonly pods: readonly Pod[]
  readonly samples: PodSamples
  /** "cpu" has rules of its own. '' for metrics that are no resource. */
  readonly resource: string
  readonly config: AutoscalerConfig
  readonly now: number
}

/** Without the failed ones and those on their way out, and without requests. Throws where nothing is left to count by. */
export function groupPods({ pods, samples, resource, config, now }: Grouping): readonly MeasuredPod[] {
  if (pods.length === 0) throw new MetricError('no pods returned by selector while calculating replica count')
  const grouped = pods
    .filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase !== 'Failed')
    .map((pod): MeasuredPod => {
      const { name } = pod.metadata
      const sample = samples.get(name)
      if (pod.status?.phase === 'Pending') return { name, state: 'unready', value: 0, request: 0 }
      if (!sample) return { name, state: 'missing', value: 0, request: 0 }
      if (resource === 'cpu' && isStarting(pod, sample, config, now)) return { name, state: 'unready', value: 0, request: 0 }
      return { name, state: 'ready', value: sample.value, request: 0 }
    })
  if (!grouped.some(({ state }) => state === 'ready')) {
    throw new MetricError('did not receive metrics for targeted pods (pods might be unready)')
  }
  return grouped
}

/** What it uses is the work of its start rather than its work. */
function isStarting({ status }: Pod, sample: PodSample, config: AutoscalerConfig, now: number): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (!ready || status?.startTime === undefined) return true
  const started = Date.parse(status.startTime)
  const changed = Date.parse(ready.lastTransitionTime ?? '') || 0
  if (started + config.cpuInitializationSeconds * 1000 > now) {
    return ready.status === 'False' || sample.at < changed + sample.windowMs
  }
  return ready.status === 'False' && started + config.initialReadinessDelaySeconds * 1000 > changed
}

/** What each Pod requests, of one container where one is named. Throws where a container requests nothing. */
export function requestsOf(pods: readonly Pod[], resource: string, container: string): ReadonlyMap<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, resource, container)]))
}

function requestOf({ metadata, spec }: Pod, resource: string, only: string): number {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  let sum = 0
  for (const { name, resources } of [...spec.containers, ...sidecars]) {
    if (only !== '' && name !== only) continue
    const request = resources?.requests?.[resource]
    if (request === undefined) {
      throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    }
    sum += quantityToMilli(request)
  }
  return sum
}
