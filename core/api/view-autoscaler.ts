/**
 * Autoscalers: stored as autoscaling/v2. What v1 has no field for rides in its annotations, as Kubernetes writes them,
 * so that a client of v1 that reads and writes loses nothing.
 */
import type { KubeObject } from '../kinds/contract.js'
import { at, isTree, type Tree } from './tree.js'

const prefix = 'autoscaling.alpha.kubernetes.io/'
/** Annotation → where its value lies in v2. */
const carried = [
  ['metrics', 'spec', 'metrics'],
  ['behavior', 'spec', 'behavior'],
  ['conditions', 'status', 'conditions'],
  ['current-metrics', 'status', 'currentMetrics'],
] as const

export function autoscalerFromV2(object: KubeObject): KubeObject {
  const spec = { ...tree(object.spec) }
  const status = { ...tree(object.status) }
  const target = cpuMetric(spec.metrics)
  const current = cpuMetric(status.currentMetrics)
  const annotations: Record<string, string> = { ...object.metadata.annotations }
  for (const [name, part, field] of carried) {
    const value = (part === 'spec' ? spec : status)[field]
    const rest = Array.isArray(value) ? value.filter((one) => one !== target && one !== current) : value
    if (rest !== undefined && !(Array.isArray(rest) && rest.length === 0)) annotations[prefix + name] = JSON.stringify(rest)
  }
  const utilization = at(target, 'resource', 'target', 'averageUtilization')
  const used = at(current, 'resource', 'current', 'averageUtilization')
  const { metrics: _metrics, behavior: _behavior, ...plain } = spec
  const { conditions: _conditions, currentMetrics: _currentMetrics, ...counts } = status
  return {
    apiVersion: 'autoscaling/v1',
    kind: object.kind,
    metadata: Object.keys(annotations).length === 0 ? object.metadata : { ...object.metadata, annotations },
    spec: utilization === undefined ? plain : { ...plain, targetCPUUtilizationPercentage: utilization },
    status: used === undefined ? counts : { ...counts, currentCPUUtilizationPercentage: used },
  }
}

export function autoscalerToV2(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: utilization, ...spec } = tree(object.spec)
  const { currentCPUUtilizationPercentage: used, ...status } = tree(object.status)
  const annotations: Record<string, string> = { ...object.metadata.annotations }
  for (const [name, part, field] of carried) {
    const text = annotations[prefix + name]
    delete annotations[prefix + name]
    const value = text === undefined ? undefined : parsed(text)
    if (value !== undefined) (part === 'spec' ? spec : status)[field] = value
  }
  if (utilization !== undefined) spec.metrics = [cpu('target', utilization), ...list(spec.metrics)]
  if (used !== undefined) status.currentMetrics = [cpu('current', used), ...list(status.currentMetrics)]
  const { annotations: _all, ...metadata } = object.metadata
  return {
    apiVersion: 'autoscaling/v2',
    kind: object.kind,
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec,
    ...(object.status === undefined && Object.keys(status).length === 0 ? {} : { status }),
  }
}

/** The one metric that v1 can say: average use of the CPU in percent of the requests. */
function cpuMetric(metrics: unknown): Tree | undefined {
  const found = list(metrics).find((metric) => {
    const use = at(metric, 'resource', 'target', 'averageUtilization') ?? at(metric, 'resource', 'current', 'averageUtilization')
    return at(metric, 'type') === 'Resource' && at(metric, 'resource', 'name') === 'cpu' && use !== undefined
  })
  return isTree(found) ? found : undefined
}

function cpu(field: 'target' | 'current', averageUtilization: unknown): Tree {
  const value = field === 'target' ? { type: 'Utilization', averageUtilization } : { averageUtilization }
  return { type: 'Resource', resource: { name: 'cpu', [field]: value } }
}

const tree = (value: unknown): Tree => (isTree(value) ? { ...value } : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** An annotation that is no JSON was not written by us: it is no metric. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
