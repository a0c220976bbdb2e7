/** What stands behind `default/kubernetes`: where Pods reach the API. */
import { isIPv4 } from 'node:net'
import type { KubeObject } from '../kinds/contract.js'
import type { ApiPipeline, ApiResult } from './contract.js'
import { put, remove, requestOf } from './own-objects.js'

export interface ServerEndpoint {
  readonly host: string
  readonly port: number
}

const name = 'kubernetes'
const namespace = 'default'
const old = { apiVersion: 'v1', kind: 'Endpoints' }
const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
const serviceName = { 'kubernetes.io/service-name': name }

/** Makes it so that Pods find these servers and no others. Where they reach none, there are no endpoints at all. */
export async function publishEndpoints(pipeline: ApiPipeline, servers: readonly ServerEndpoint[]): Promise<void> {
  const ports = byPort(servers)
  if (ports.length === 0) await remove(pipeline, 'endpoints', { ...old, metadata: { name, namespace } })
  else
    await put(pipeline, 'endpoints', {
      ...old,
      metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: ports.map(({ port, hosts }) => ({ addresses: hosts.map((ip) => ({ ip })), ports: [portOf(port)] })),
    })
  // All addresses of a slice share its ports: servers at another port have one of their own.
  const slices = ports.map(({ port, hosts }, index) => sliceOf(index === 0 ? name : `${name}-${port}`, port, hosts))
  for (const wanted of slices) await put(pipeline, 'endpointslices', wanted)
  const kept = new Set(slices.map(({ metadata }) => metadata.name))
  for (const { metadata } of await ownSlices(pipeline))
    if (!kept.has(metadata.name))
      await remove(pipeline, 'endpointslices', { ...slice, metadata: { name: metadata.name, namespace } })
}

function byPort(servers: readonly ServerEndpoint[]): { readonly port: number; readonly hosts: readonly string[] }[] {
  const found = new Map<number, Set<string>>()
  for (const { host, port } of servers) if (isIPv4(host)) found.set(port, (found.get(port) ?? new Set()).add(host))
  return [...found].sort(([a], [b]) => a - b).map(([port, hosts]) => ({ port, hosts: [...hosts].sort() }))
}

const portOf = (port: number) => ({ name: 'https', port, protocol: 'TCP' })

function sliceOf(named: string, port: number, hosts: readonly string[]): KubeObject {
  return {
    ...slice,
    metadata: { name: named, namespace, labels: serviceName },
    addressType: 'IPv4',
    endpoints: hosts.map((host) => ({ addresses: [host], conditions: { ready: true } })),
    ports: [portOf(port)],
  }
}

async function ownSlices(pipeline: ApiPipeline): Promise<readonly KubeObject[]> {
  const request = requestOf('list', 'endpointslices', { ...slice, metadata: { name: '', namespace } })
  const found: ApiResult = await pipeline.handle({ ...request, query: { labelSelector: `kubernetes.io/service-name=${name}` } })
  return found.type === 'list' ? found.items.map(({ object }) => object) : []
}
