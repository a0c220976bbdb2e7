/** What every cluster has from its first moment; made only where it is missing. */
import type { KubeObject } from '../kinds/contract.js'
import type { ApiPipeline } from './contract.js'
import { createMissing } from './own-objects.js'
import { systemClasses } from './priority.js'

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
