/** Where the server behind an APIService is: a ready endpoint of its Service. The reasons are Kubernetes'. */
import type { DelegateAddress } from '@davit/core/api'
import type { Informer } from '@davit/core/client'
import type { Random } from '@davit/core/kernel'
import type { APIService, EndpointSlice, Service } from '@davit/core/kinds'
import type { Availability } from './conditions.js'

export interface Sources {
  readonly services: Informer<Service>
  readonly slices: Informer<EndpointSlice>
}
export type Located =
  | { readonly ok: true; readonly addresses: readonly DelegateAddress[] }
  | { readonly ok: false; readonly availability: Availability }

const httpsPort = 443
const serviceOf = 'kubernetes.io/service-name'

export function locateBackend({ spec }: APIService, { services, slices }: Sources): Located {
  const { name = '', namespace = '', port = httpsPort } = spec.service ?? {}
  const failed = (reason: string, message: string): Located => ({
    ok: false,
    availability: { available: false, reason, message },
  })
  const service = services.get(namespace, name)
  if (!service) return failed('ServiceNotFound', `service/${name} in ${JSON.stringify(namespace)} is not present`)
  const trust = trustOf(spec, `${name}.${namespace}.svc`)
  if (service.spec.type === 'ExternalName') {
    return { ok: true, addresses: [{ host: service.spec.externalName ?? '', port, ...trust }] }
  }
  const served = service.spec.ports?.find((one) => one.port === port)
  if (!served) {
    return failed('ServicePortError', `service/${name} in ${JSON.stringify(namespace)} is not listening on port ${port}`)
  }
  const own = slices.list(namespace).filter(({ metadata }) => metadata.labels?.[serviceOf] === name)
  if (own.length === 0)
    return failed('EndpointsNotFound', `cannot find endpoints for service/${name} in ${JSON.stringify(namespace)}`)
  const addresses = own.flatMap((slice) => ready(slice, served.name ?? '')).map((place) => ({ ...place, ...trust }))
  if (addresses.length > 0) return { ok: true, addresses }
  const text = `endpoints for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(served.name ?? '')}`
  return failed('MissingEndpoints', text)
}

export function pick(addresses: readonly DelegateAddress[], random: Random): DelegateAddress | undefined {
  return addresses.length === 0 ? undefined : addresses[random.integer(addresses.length)]
}

function ready({ endpoints = [], ports = [] }: EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = ports.find((one) => (one.name ?? '') === portName)?.port
  if (port === undefined) return []
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })))
}

function trustOf({ caBundle, insecureSkipTLSVerify }: APIService['spec'], serverName: string) {
  const ca = caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}
  return { serverName, verify: insecureSkipTLSVerify !== true, ...ca }
}
