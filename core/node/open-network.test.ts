import { assert, createTestServices, test } from '@davit/core/testing'
import type { NetworkDriver, NodeContext, PodNetwork } from './contract.js'
import { openNetwork } from './open-network.js'

const { log, lines } = createTestServices()
const node: NodeContext = {
  nodeName: 'one',
  directory: '/data/nodes/one',
  podCidr: '10.244.0.0/24',
  clusterCidr: '10.244.0.0/16',
  signal: new AbortController().signal,
}
const real = { hollow: false, podNetwork: true }
const open = (drivers: readonly NetworkDriver[], network?: string, supports = real) =>
  openNetwork({ config: network === undefined ? {} : { network }, log, networks: () => drivers }, node, supports)

function driver(id: string, reason?: string): NetworkDriver & { readonly opened: PodNetwork } {
  const opened: PodNetwork = {
    attach: async (sandbox) => ({ id: sandbox.id, ips: [] }),
    detach: async () => {},
    adopt: async () => [],
    close: async () => {},
  }
  return {
    id,
    opened,
    supports: { hostPorts: false, masquerade: false, ipv6: false },
    probe: async () => (reason === undefined ? { usable: true, version: '1' } : { usable: false, reason }),
    open: async () => opened,
    purge: async () => {},
  }
}
const [unusable, first, second] = [driver('a', 'no rights'), driver('b'), driver('c')]
const all = [unusable, first, second]

test('the first that can be used is opened where none is named, and why others were passed over is logged', async () => {
  assert.is(await open(all), first.opened)
  assert.ok(lines.some(({ message }) => message === 'the Pod network a cannot be used here: no rights'))
  assert.is(await open([unusable]), undefined)
  assert.is(await open([]), undefined)
})

test('one that is named is that one or an error, and "none" is none', async () => {
  assert.is(await open(all, 'c'), second.opened)
  assert.is(await open(all, 'none'), undefined)
  assert.match((await assert.rejects(open(all, 'a'))).message, 'cannot be used: no rights')
  assert.match((await assert.rejects(open(all, 'd'))).message, 'no plugin "d"')
})

test('simulated Pods, and those that share the network of the machine, have none', async () => {
  assert.is(await open(all, undefined, { hollow: true, podNetwork: true }), undefined)
  assert.is(await open(all, 'c', { hollow: false, podNetwork: false }), undefined)
})
