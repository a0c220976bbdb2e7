/** For this room's tests: Services, EndpointSlices, and a mode that only remembers. */
import type { EndpointSlice, Service } from '../kinds/contract.js'
import type { ProxyDriver, ProxyNode, ProxyState } from './contract.js'

type Endpoint = EndpointSlice['endpoints'][number]
export const here = 'here'

export function service(name: string, spec: Partial<Service['spec']> = {}, status?: Service['status']): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], type: 'ClusterIP', ports: [{ port: 80 }], ...spec },
    ...(status && { status }),
  }
}

export function endpoint(
  address: string,
  conditions: Endpoint['conditions'] = { ready: true },
  nodeName = 'elsewhere',
): Endpoint {
  return { addresses: [address], conditions, nodeName }
}

export function slice(
  name: string,
  of: string,
  endpoints: readonly Endpoint[],
  ports: EndpointSlice['ports'] = [{ port: 8080, protocol: 'TCP', name: '' }],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: [...endpoints],
    ports,
  }
}

export interface Recorder extends ProxyDriver {
  readonly opened: ProxyNode[]
  readonly states: ProxyState[]
  closed: number
  /** What the next calls of `sync` wait for. */
  gate: Promise<void> | undefined
  failures: number
}

export function recorder(id = 'test-mode', unusable?: string): Recorder {
  const self: Recorder = {
    id,
    opened: [],
    states: [],
    closed: 0,
    gate: undefined,
    failures: 0,
    probe: async () => (unusable === undefined ? { usable: true } : { usable: false, reason: unusable }),
    async open(node) {
      self.opened.push(node)
      return {
        async sync(state) {
          self.states.push(state)
          await self.gate
          if (self.failures-- > 0) throw new Error('the kernel is busy')
        },
        async cleanup() {},
        async close() {
          self.closed += 1
        },
      }
    },
  }
  return self
}
