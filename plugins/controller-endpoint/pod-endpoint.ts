/** What a Pod is to a Service: whether it stands behind it, by which address, in which state. Pure. */
import { isPodReady } from '@davit/core/controller'
import type { EndpointConditions, ObjectReference, Pod, Service } from '@davit/core/kinds'

export type AddressFamily = 'IPv4' | 'IPv6'

/** The families of a Service's addresses; the first is the one of its Endpoints. */
export function familiesOf({ spec }: Service): readonly AddressFamily[] {
  const families = (spec.ipFamilies ?? []).filter((family): family is AddressFamily => family === 'IPv4' || family === 'IPv6')
  if (families.length > 0) return families
  return [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4']
}

/** Those of a Service that selects its Pods: the others' addresses are not ours to write. */
export function selectsPods({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0
}

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None'
}

export function addressOf({ status }: Pod, family: AddressFamily): string | undefined {
  const addresses = status?.podIPs?.map(({ ip }) => ip) ?? []
  if (status?.podIP) addresses.unshift(status.podIP)
  return addresses.find((ip) => ip !== undefined && ip.includes(':') === (family === 'IPv6'))
}

/** A finished Pod serves nobody, whatever its conditions say. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

export function conditionsOf(pod: Pod, { spec }: Service): Required<EndpointConditions> {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  return { ready: spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating }
}

/** A Pod has a name of its own under the Service that its subdomain names. */
export function hostnameOf({ metadata, spec }: Pod, service: Service): string | undefined {
  const named = spec.hostname && spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace
  return named ? spec.hostname : undefined
}

export function targetOf({ metadata }: Pod): ObjectReference {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid }
}

/** Whether anything changed that any Service could see: most writes of a Pod's life are none of a Service's business. */
export function looksTheSame(pod: Pod, old: Pod): boolean {
  return fingerprint(pod) === fingerprint(old)
}

function fingerprint(pod: Pod): string {
  const { metadata, spec, status } = pod
  const finished = isFinished(pod)
  const going = metadata.deletionTimestamp !== undefined
  const addresses = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)]
  const told = [metadata.uid, metadata.labels, spec.nodeName, spec.hostname, spec.subdomain]
  return JSON.stringify([...told, addresses, isPodReady(pod), finished, going])
}
