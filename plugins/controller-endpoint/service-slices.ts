/** The EndpointSlices that a Service with a selector should have. Pure. */
import { ownerReference } from '@davit/core/controller'
import type { Endpoint, Pod, Service } from '@davit/core/kinds'
import { headlessLabel, managedByLabel, serviceNameLabel, sliceManager, triggerTimeAnnotation } from './names.js'
import {
  type AddressFamily,
  addressOf,
  conditionsOf,
  familiesOf,
  hostnameOf,
  isFinished,
  isHeadless,
  selectsPods,
  targetOf,
} from './pod-endpoint.js'
import { portsKey, type TargetPort, targetPorts } from './ports.js'
import type { EndpointGroup, SliceWish } from './slice-plan.js'
import { triggerTime } from './trigger-time.js'

/** `pods`: all that the Service selects. `zoneOf`: the zone of a node, where it has one. */
export function serviceSlices(
  service: Service,
  pods: readonly Pod[],
  zoneOf: (node: string) => string | undefined,
  limit: number,
): SliceWish {
  const { name, namespace } = service.metadata
  const families = selectsPods(service) ? familiesOf(service) : []
  return {
    groups: families.flatMap((family) => groupsOf(service, pods, family, zoneOf)),
    placeholders: families,
    metadata: {
      namespace,
      generateName: `${name}-`,
      labels: labelsOf(service),
      annotations: { [triggerTimeAnnotation]: triggerTime(service, pods) },
      ownerReferences: [ownerReference(service)],
    },
    limit,
  }
}

function groupsOf(
  service: Service,
  pods: readonly Pod[],
  family: AddressFamily,
  zoneOf: (node: string) => string | undefined,
): EndpointGroup[] {
  const groups = new Map<string, { addressType: string; ports: readonly TargetPort[]; endpoints: Endpoint[] }>()
  for (const pod of pods) {
    const address = addressOf(pod, family)
    if (address === undefined || isFinished(pod)) continue
    const ports = targetPorts(service, pod)
    const key = portsKey(ports)
    let group = groups.get(key)
    if (!group) {
      group = { addressType: family, ports, endpoints: [] }
      groups.set(key, group)
    }
    group.endpoints.push(endpointOf(service, pod, address, zoneOf))
  }
  return [...groups.values()]
}

function endpointOf(service: Service, pod: Pod, address: string, zoneOf: (node: string) => string | undefined): Endpoint {
  const { nodeName } = pod.spec
  const zone = nodeName ? zoneOf(nodeName) : undefined
  const hostname = hostnameOf(pod, service)
  return {
    addresses: [address],
    conditions: conditionsOf(pod, service),
    ...(hostname ? { hostname } : {}),
    targetRef: targetOf(pod),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  }
}

function labelsOf(service: Service): Record<string, string> {
  const { [headlessLabel]: _old, ...labels } = service.metadata.labels ?? {}
  return {
    ...labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: sliceManager,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  }
}
