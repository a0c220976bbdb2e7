/** The EndpointSlices that say the same as an Endpoints object which a user wrote. Pure. */
import { ownerReference } from '@davit/core/controller'
import type { Endpoint, EndpointAddress, EndpointSubset, Endpoints, Service } from '@davit/core/kinds'
import {
  lastAppliedAnnotation,
  leaderAnnotation,
  managedByLabel,
  mirrorManager,
  serviceNameLabel,
  skipMirrorLabel,
  triggerTimeAnnotation,
} from './names.js'
import { portsKey, sortPorts, type TargetPort } from './ports.js'
import type { EndpointGroup, SliceWish } from './slice-plan.js'

/** Addresses of one subset beyond it are left out. */
const limit = 1000

export function isMirrored(object: Endpoints | undefined, service: Service | undefined): object is Endpoints {
  if (!object || !service || service.spec.type === 'ExternalName') return false
  const { labels = {}, annotations = {}, deletionTimestamp } = object.metadata
  const left = labels[skipMirrorLabel] === 'true' || annotations[leaderAnnotation] !== undefined
  return !left && deletionTimestamp === undefined && Object.keys(service.spec.selector ?? {}).length === 0
}

export function mirroredSlices(object: Endpoints): SliceWish {
  const { name, namespace, labels } = object.metadata
  const { [lastAppliedAnnotation]: _applied, [triggerTimeAnnotation]: _time, ...annotations } = object.metadata.annotations ?? {}
  return {
    groups: merge((object.subsets ?? []).flatMap(groupsOf)),
    placeholders: [],
    metadata: {
      namespace,
      generateName: `${name}-`,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirrorManager },
      annotations,
      ownerReferences: [ownerReference(object)],
    },
    limit,
  }
}

function groupsOf({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): EndpointGroup[] {
  const named = ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }))
  const own = sortPorts<TargetPort>(named)
  const all = [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false)),
  ].slice(0, limit)
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const endpoints = all.filter((endpoint) => endpoint.addresses[0]?.includes(':') === (addressType === 'IPv6'))
    return endpoints.length > 0 ? [{ addressType, ports: own, endpoints }] : []
  })
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef ? { targetRef } : {}),
    ...(nodeName ? { nodeName } : {}),
  }
}

/** Subsets on the same ports are one group. */
function merge(groups: readonly EndpointGroup[]): EndpointGroup[] {
  const merged = new Map<string, EndpointGroup>()
  for (const group of groups) {
    const key = `${group.addressType} ${portsKey(group.ports)}`
    const before = merged.get(key)
    merged.set(key, before ? { ...before, endpoints: [...before.endpoints, ...group.endpoints] } : group)
  }
  return [...merged.values()]
}
