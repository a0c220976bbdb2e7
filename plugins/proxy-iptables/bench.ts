/**
 * Measures how long iptables takes, in a network namespace of its own:
 *
 *     ip netns add bench && ip netns exec bench node --conditions=source --import tsx plugins/proxy-iptables/bench.ts [services]
 */
import type { ProxyState, ServicePort } from '@davit/core/proxy'
import { createTestServices } from '@davit/core/testing'
import { iptablesDriver } from './driver.js'
import { rulesOf } from './rules.js'

const count = Number(process.argv[2] ?? 1000)
const options = { masqueradeAll: false, masqueradeBit: 17, lockSeconds: 5, checkSeconds: 30 }

function service(index: number, first = 1): ServicePort {
  const endpoints = [0, 1, 2].map((offset) => ({
    address: `10.244.${(index >> 6) & 255}.${(index & 63) * 3 + offset + first}`,
    port: 8080,
    local: false,
  }))
  return {
    key: `default/service-${index}:`,
    namespace: 'default',
    service: `service-${index}`,
    portName: '',
    protocol: 'TCP',
    clusterIps: [`10.96.${index >> 8}.${index & 255}`],
    port: 80,
    nodePort: 0,
    externalIps: [],
    loadBalancerIps: [],
    affinitySeconds: 0,
    externalLocal: false,
    internalLocal: false,
    endpoints,
    externalEndpoints: endpoints,
  }
}

async function timed(name: string, work: () => unknown): Promise<void> {
  const began = performance.now()
  await work()
  console.log(`${name.padEnd(42)} ${(performance.now() - began).toFixed(0)} ms`)
}

const services = Array.from({ length: count }, (_, index) => service(index))
const state: ProxyState = { revision: 1, services }
const changed: ProxyState = { revision: 2, services: services.with(7, service(7, 60)) }
const node = { nodeName: 'bench', addresses: [], clusterCidr: '10.244.0.0/16' }
console.log(`${count} services of 3 endpoints`)
await timed('rules', () => rulesOf(state, { ...options, clusterCidr: node.clusterCidr, addresses: [] }))
const { log, clock } = createTestServices()
const mode = await iptablesDriver({ ...options, log, clock }).open(node)
await timed('first sync, nothing there', () => mode.sync(state))
await timed('one service changes', () => mode.sync(changed))
await timed('and back', () => mode.sync(state))
await timed('a check that finds all there', async () => {
  await clock.advance(options.checkSeconds * 1000)
  await mode.close()
})
const next = await iptablesDriver({ ...options, log, clock }).open(node)
await timed('first sync of the next life', () => next.sync(state))
await timed('cleanup', () => next.cleanup())
