/** The downward API: fields of the Pod and resources of a container as text. */
import {
  type ObjectFieldSelector,
  type Pod,
  type Container as PodContainer,
  quantityToMilli,
  quantityToNumber,
  type ResourceFieldSelector,
} from '../kinds/contract.js'
import { containersOf } from './state.js'

export interface FieldContext {
  readonly pod: Pod
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
  /** What a container without a limit may use. */
  readonly allocatable: Readonly<Record<string, string>>
}

/** undefined: no such field. */
export function fieldValue(selector: ObjectFieldSelector, context: FieldContext): string | undefined {
  const { metadata, spec } = context.pod
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(selector.fieldPath)
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? ''
  switch (selector.fieldPath) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return mapLines(metadata.labels)
    case 'metadata.annotations':
      return mapLines(metadata.annotations)
    case 'spec.nodeName':
      return spec.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? ''
    case 'status.podIP':
      return context.podIps[0] ?? ''
    case 'status.podIPs':
      return context.podIps.join(',')
    case 'status.hostIP':
      return context.hostIps[0] ?? ''
    case 'status.hostIPs':
      return context.hostIps.join(',')
    default:
      return undefined
  }
}

function mapLines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key])}`)
    .join('\n')
}

/** "limits.cpu" in units of the divisor, rounded up. undefined: no such container or resource. */
export function resourceValue(
  selector: ResourceFieldSelector,
  own: PodContainer | undefined,
  context: FieldContext,
): string | undefined {
  const { spec } = context.pod
  const named = containersOf(spec).find((item) => item.name === selector.containerName)
  const container = selector.containerName ? named : own
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource)
  if (!container || !match) return undefined
  const [, kind, resource = ''] = match
  const limit = container.resources?.limits?.[resource] ?? context.allocatable[resource]
  const amount =
    kind === 'limits' ? limit : (container.resources?.requests?.[resource] ?? container.resources?.limits?.[resource])
  const measure = resource === 'cpu' ? quantityToMilli : quantityToNumber
  const divisor = selector.divisor && measure(selector.divisor) > 0 ? selector.divisor : '1'
  return String(Math.ceil(measure(amount ?? '0') / measure(divisor)))
}
