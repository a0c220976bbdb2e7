/** What every cluster has from its first moment; made only where it is missing. */
import { isIPv4 } from 'node:net'
import { ApiError, isExists, isNotFound } from '../client/contract.js'
import { equalJson, type KubeObject } from '../kinds/contract.js'
import { mastersGroup } from './authorize.js'
import type { ApiAddress, ApiPipeline, ApiRequest, UserInfo } from './contract.js'
import { systemClasses } from './priority.js'

const bootstrapUser: UserInfo = { name: 'system:apiserver', groups: [mastersGroup] }
const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system']
const defaultPort = 6443

export async function bootstrap(pipeline: ApiPipeline, firstAddress: string): Promise<void> {
  const named = { apiVersion: 'v1', kind: 'Namespace' }
  await Promise.all(systemNamespaces.map((name) => createMissing(pipeline, 'namespaces', { ...named, metadata: { name } })))
  // The first Pods need not wait for a controller.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount' }
  await Promise.all(
    systemNamespaces.map((namespace) =>
      createMissing(pipeline, 'serviceaccounts', { ...account, metadata: { name: 'default', namespace } }),
    ),
  )
  for (const [name, value] of systemClasses) {
    const object = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value }
    await createMissing(pipeline, 'priorityclasses', { ...object, description: `Used for system critical pods (${name}).` })
  }
  await createMissing(pipeline, 'services', kubernetesService(firstAddress))
}

function kubernetesService(clusterIP: string): KubeObject {
  const labels = { component: 'apiserver', provider: 'kubernetes' }
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: defaultPort }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels },
    spec: { type: 'ClusterIP', clusterIP, ports, sessionAffinity: 'None' },
  }
}

/** The address behind `default/kubernetes`: where Pods reach this server. Where they do not, there is none. */
export async function publishAddress(pipeline: ApiPipeline, { endpoint }: ApiAddress): Promise<void> {
  const metadata = { name: 'kubernetes', namespace: 'default' }
  const old = { apiVersion: 'v1', kind: 'Endpoints' }
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
  if (!endpoint || !isIPv4(endpoint.host)) {
    await remove(pipeline, 'endpoints', { ...old, metadata })
    await remove(pipeline, 'endpointslices', { ...slice, metadata })
    return
  }
  const { host, port } = endpoint
  await put(pipeline, 'endpoints', {
    ...old,
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: host }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  })
  await put(pipeline, 'endpointslices', {
    ...slice,
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  })
}

async function remove(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  await pipeline.handle({ ...requestOf('delete', resource, object), name: object.metadata.name }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

async function createMissing(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  try {
    await pipeline.handle({ ...requestOf('get', resource, object), name: object.metadata.name })
    return
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    await pipeline.handle({ ...requestOf('create', resource, object), body: object })
  } catch (error) {
    // Another server was faster.
    if (!isExists(error)) throw error
  }
}

/** Creates the object, or brings what is there to what it says. */
async function put(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  await createMissing(pipeline, resource, object)
  const name = object.metadata.name
  const found = await pipeline.handle({ ...requestOf('get', resource, object), name })
  if (found.type !== 'object') throw ApiError.internal(new Error(`no object of ${resource} came back`))
  const body = { ...found.object, ...object, metadata: { ...found.object.metadata, ...object.metadata } }
  if (equalJson(body, found.object)) return
  await pipeline.handle({ ...requestOf('update', resource, object), name, body })
}

function requestOf(verb: ApiRequest['verb'], resource: string, object: KubeObject): ApiRequest {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse()
  const namespace = object.metadata.namespace ?? ''
  return { verb, group, version, resource, namespace, name: '', query: {}, user: bootstrapUser, userAgent: 'davit-apiserver' }
}
