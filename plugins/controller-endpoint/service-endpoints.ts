/** The Endpoints object of a Service with a selector. Pure. */
import { isPodReady } from '@davit/core/controller'
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '@davit/core/kinds'
import { headlessLabel, overCapacityAnnotation, triggerTimeAnnotation } from './names.js'
import { addressOf, familiesOf, hostnameOf, isFinished, isHeadless, targetOf } from './pod-endpoint.js'
import { compare, portsKey, type TargetPort, targetPorts } from './ports.js'
import { triggerTime } from './trigger-time.js'

/** Addresses beyond it are left out, and an annotation says so. */
export const capacity = 1000

export function serviceEndpoints(service: Service, pods: readonly Pod[], old?: Endpoints): Endpoints {
  const { name, namespace, labels } = service.metadata
  const { [headlessLabel]: _old, ...others } = labels ?? {}
  const { kept, truncated } = cut(addressesOf(service, pods))
  const { [overCapacityAnnotation]: _before, ...annotations } = old?.metadata.annotations ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...(old?.metadata ?? { name, namespace }),
      labels: { ...others, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) },
      annotations: {
        ...annotations,
        [triggerTimeAnnotation]: triggerTime(service, pods),
        ...(truncated ? { [overCapacityAnnotation]: 'truncated' } : {}),
      },
    },
    subsets: subsetsOf(kept),
  }
}

interface Placed {
  readonly address: EndpointAddress
  readonly ready: boolean
  readonly ports: readonly TargetPort[]
}

function addressesOf(service: Service, pods: readonly Pod[]): Placed[] {
  const family = familiesOf(service)[0] ?? 'IPv4'
  const publishAll = service.spec.publishNotReadyAddresses === true
  const portless = (service.spec.ports ?? []).length === 0
  return pods.flatMap((pod): Placed[] => {
    const ip = addressOf(pod, family)
    const going = pod.metadata.deletionTimestamp !== undefined
    if (ip === undefined || isFinished(pod) || (going && !publishAll)) return []
    const ports = targetPorts(service, pod)
    if (ports.length === 0 && !(portless && isHeadless(service))) return []
    const hostname = hostnameOf(pod, service)
    const { nodeName } = pod.spec
    const address = { ip, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), targetRef: targetOf(pod) }
    return [{ address, ready: publishAll || isPodReady(pod), ports }]
  })
}

/** Those that are ready go first into what there is room for. */
function cut(placed: Placed[]): { kept: Placed[]; truncated: boolean } {
  const sorted = placed.sort((a, b) => Number(b.ready) - Number(a.ready) || byAddress(a, b))
  return { kept: sorted.slice(0, capacity), truncated: sorted.length > capacity }
}

function subsetsOf(placed: readonly Placed[]): EndpointSubset[] {
  const groups = new Map<string, Placed[]>()
  for (const each of placed) {
    const key = portsKey(each.ports)
    const group = groups.get(key)
    if (group) group.push(each)
    else groups.set(key, [each])
  }
  return [...groups].sort(([a], [b]) => compare(a, b)).map(([, members]) => subsetOf(members))
}

function subsetOf(members: readonly Placed[]): EndpointSubset {
  const addresses = members.filter(({ ready }) => ready).map(({ address }) => address)
  const notReadyAddresses = members.filter(({ ready }) => !ready).map(({ address }) => address)
  const ports = (members[0]?.ports ?? []).map(({ name, ...port }) => ({ ...(name === '' ? {} : { name }), ...port }))
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  }
}

function byAddress({ address: a }: Placed, { address: b }: Placed): number {
  return compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '')
}
