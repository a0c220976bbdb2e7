/** IPAddresses and the ServiceCIDR show users what is given out, and of which range. What is taken stands elsewhere. */
import { isConflict } from '../client/contract.js'
import type { Clock, Ids } from '../kernel/contract.js'
import type { IPAddress, ServiceCIDR } from '../kinds/contract.js'
import type { Key } from '../store/contract.js'
import { codec, keyOf } from '../watch/contract.js'
import type { ApiPipeline } from './contract.js'
import { createMissing, requestOf } from './own-objects.js'
import { timestamp } from './services.js'

const apiVersion = 'networking.k8s.io/v1'

export const addressKey = (address: string): Key => keyOf('networking.k8s.io', 'ipaddresses', '', address)

export interface AddressOwner {
  readonly namespace?: string | undefined
  readonly name: string
}

/** The stored bytes of the object that says which service has an address. */
export function addressObject(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  address: string,
  { namespace = '', name }: AddressOwner,
): Uint8Array {
  const object: IPAddress = {
    apiVersion,
    kind: 'IPAddress',
    metadata: {
      name: address,
      uid: ids.uuid(),
      generation: 1,
      creationTimestamp: timestamp(clock.now()),
      labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  }
  return codec.encode(object).value
}

/** Makes the ServiceCIDR of the range that the cluster was begun with, where there is none. */
export async function publishServiceRange(pipeline: ApiPipeline, clock: Clock, cidr: string): Promise<void> {
  const metadata = { name: 'kubernetes' }
  const range: ServiceCIDR = { apiVersion, kind: 'ServiceCIDR', metadata, spec: { cidrs: [cidr] } }
  await createMissing(pipeline, 'servicecidrs', range)
  const request = { ...requestOf('get', 'servicecidrs', range), name: metadata.name }
  const found = await pipeline.handle(request)
  if (found.type !== 'object' || (found.object as ServiceCIDR).status?.conditions !== undefined) return
  const at = timestamp(clock.now())
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready', lastTransitionTime: at }
  const body = { ...found.object, status: { conditions: [ready] } }
  await pipeline.handle({ ...request, verb: 'update', subresource: 'status', body }).catch((error: unknown) => {
    // Another server was faster.
    if (!isConflict(error)) throw error
  })
}
