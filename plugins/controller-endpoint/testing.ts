/** For this plugin's tests: Pods and Services as they come from the API, and a control plane with the controllers. */
import { endpointSlices, endpoints, pods } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { Container, EndpointSlice, Endpoints, Pod, PodSpec, Service, ServiceSpec } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const containers: Container[] = [
  { name: 'web', image: 'web', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
]

export function makePod(name: string, spec: Partial<PodSpec> = {}, labels: Record<string, string> = { app: 'web' }): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: { containers, ...spec } }
}

export function makeService(name: string, spec: Partial<ServiceSpec> = {}): Service {
  const ports = [{ port: 80, targetPort: 'http', protocol: 'TCP' }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', labels: { team: 'blue' } },
    spec: { selector: { app: 'web' }, ports, ...spec },
    status: {},
  }
}

/** As the node's agent writes it. */
export function withStatus(pod: Pod, ip: string, ready: boolean, at = '2024-01-01T00:00:00Z'): Pod {
  const status = ready ? 'True' : 'False'
  const conditions = [{ type: 'Ready', status, lastTransitionTime: at }]
  return { ...pod, status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions } }
}

export interface Plane extends ControlPlane {
  /** Creates a Pod on node `one` with an address. */
  run(name: string, ip: string, ready?: boolean, spec?: Partial<PodSpec>): Promise<Pod>
  turn(name: string, ready: boolean): Promise<void>
  slices(service?: string): Promise<readonly EndpointSlice[]>
  endpoints(name?: string): Promise<Endpoints>
}

export async function plane(t: TestContext, config: object = {}): Promise<Plane> {
  const made = await controlPlane(t, [{ plugin, config }])
  const { client } = made
  return {
    ...made,
    async run(name, ip, ready = true, spec = {}) {
      const pod = await client.create(pods, makePod(name, { nodeName: 'one', ...spec }))
      return client.updateStatus(pods, withStatus(pod, ip, ready))
    },
    async turn(name, ready) {
      const pod = await client.get(pods, 'default', name)
      await client.updateStatus(pods, withStatus(pod, pod.status?.podIP ?? '', ready, '2024-01-01T00:01:00Z'))
    },
    async slices(service = 'web') {
      const labelSelector = `kubernetes.io/service-name=${service}`
      return (await client.list(endpointSlices, { namespace: 'default', labelSelector })).items
    },
    endpoints: (name = 'web') => client.get(endpoints, 'default', name),
  }
}
