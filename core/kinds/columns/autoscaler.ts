/** The table of autoscalers, of either version. */
import type { TablePrinter } from '../contract.js'
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  Scale,
} from '../types.js'
import { age, NONE, printer, UNKNOWN, UNSET } from './format.js'

const SHOWN = 2

export const autoscalerTable: TablePrinter = printer<HorizontalPodAutoscaler | AutoscalingV1HorizontalPodAutoscaler>(
  'Name,Reference,Targets,MinPods,MaxPods#,Replicas#,Age',
  (object, now) => [
    object.metadata.name,
    `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`,
    object.apiVersion === 'autoscaling/v1'
      ? formatUtilization(object as AutoscalingV1HorizontalPodAutoscaler)
      : formatMetrics(object as HorizontalPodAutoscaler),
    object.spec.minReplicas === undefined ? UNSET : `${object.spec.minReplicas}`,
    object.spec.maxReplicas,
    object.status?.currentReplicas ?? 0,
    age(object, now),
  ],
)

export const scaleTable: TablePrinter = printer<Scale>('Name,Desired#,Available#,Age', (scale, now) => [
  scale.metadata.name,
  scale.spec.replicas ?? 0,
  scale.status?.replicas ?? 0,
  age(scale, now),
])

function formatUtilization({ spec, status }: AutoscalingV1HorizontalPodAutoscaler): string {
  if (spec.targetCPUUtilizationPercentage === undefined) return NONE
  const current = status?.currentCPUUtilizationPercentage
  return `cpu: ${current === undefined ? UNKNOWN : `${current}%`}/${spec.targetCPUUtilizationPercentage}%`
}

function formatMetrics({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? []
  if (metrics.length === 0) return NONE
  const texts = metrics.map((metric, index) => formatMetric(metric, status?.currentMetrics?.[index]))
  const shown = texts.slice(0, SHOWN).join(', ')
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown
}

function formatMetric(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return formatValue(metric.external?.target, status?.external?.current)
    case 'Object':
      return formatValue(metric.object?.target, status?.object?.current)
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue ?? UNKNOWN}`
    case 'Resource':
      return `${metric.resource?.name}: ${formatUsage(metric.resource?.target, status?.resource?.current)}`
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${formatUsage(metric.containerResource?.target, status?.containerResource?.current)}`
    default:
      return '<unknown type>'
  }
}

function formatValue(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${target?.value ?? UNKNOWN}`
}

function formatUsage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`
  const used = current?.averageUtilization
  const wanted = target?.averageUtilization
  return `${used === undefined ? UNKNOWN : `${used}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`
}
