import type { ProxyState, ServicePort } from '@davit/core/proxy'
import { assert, test } from '@davit/core/testing'
import { staleFlows } from './stale.js'

function dns(addresses: readonly string[], part: Partial<ServicePort> = {}): ServicePort {
  const endpoints = addresses.map((address) => ({ address, port: 53, local: false }))
  return {
    key: 'kube-system/dns:dns',
    namespace: 'kube-system',
    service: 'dns',
    portName: 'dns',
    protocol: 'UDP',
    clusterIps: ['10.96.0.10'],
    port: 53,
    nodePort: 0,
    externalIps: [],
    loadBalancerIps: [],
    affinitySeconds: 0,
    externalLocal: false,
    internalLocal: false,
    endpoints,
    externalEndpoints: endpoints,
    ...part,
  }
}
const state = (...services: ServicePort[]): ProxyState => ({ revision: 1, services })
const flows = (before: ProxyState, after: ProxyState) => staleFlows(before, after).map((flow) => flow.join(' '))
const gone = '-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --dst-nat'

test('the flows to endpoints that are gone are stale', () => {
  assert.equal(flows(state(dns(['10.0.0.1', '10.0.0.2'])), state(dns(['10.0.0.2', '10.0.0.3']))), [`${gone} 10.0.0.1`])
})
test('all of a service that is gone, by every address that led to it', () => {
  const before = dns(['10.0.0.1'], { nodePort: 30_053, externalIps: ['198.51.100.1'] })
  assert.equal(flows(state(before), state()), [
    `${gone} 10.0.0.1`,
    '-D -p udp --orig-dst 198.51.100.1 --orig-port-dst 53 --dst-nat 10.0.0.1',
    '-D -p udp --orig-port-dst 30053 --dst-nat 10.0.0.1',
  ])
})
test('nothing changed, or only endpoints came: none', () => {
  const same = dns(['10.0.0.1'])
  assert.equal(flows(state(same), state(same)), [])
  assert.equal(flows(state(same), state(dns(['10.0.0.1', '10.0.0.2']))), [])
})
test('TCP looks after itself, and another family is not ours', () => {
  assert.equal(flows(state(dns(['10.0.0.1'], { protocol: 'TCP' })), state()), [])
  assert.equal(flows(state(dns(['fd00::1'])), state()), [])
})
