import { events, nodes } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { rangesOf } from './cidr.js'
import { makeNode, plane } from './testing.js'

test('ranges are cut in order, rest after use, and are given out again', () => {
  const ranges = rangesOf({ clusterCidr: '10.244.0.0/22', nodeMask: 24 })
  assert.equal(
    ['a', 'b'].map((node) => ranges.allocate(node)),
    ['10.244.0.0/24', '10.244.1.0/24'],
  )
  assert.ok(ranges.release('a'))
  assert.not.ok(ranges.release('a'))
  assert.equal(
    ['c', 'd', 'e', 'f'].map((node) => ranges.allocate(node)),
    ['10.244.2.0/24', '10.244.3.0/24', '10.244.0.0/24', undefined],
  )
  assert.is(ranges.free, 0)
})

test('what nodes have already is not given out, whatever its size', () => {
  const ranges = rangesOf({ clusterCidr: '10.244.0.0/21', nodeMask: 24 })
  ranges.occupy('a', '10.244.0.0/24')
  ranges.occupy('b', '10.244.2.0/23')
  ranges.occupy('c', '10.244.4.128/25')
  ranges.occupy('d', '192.168.0.0/24')
  ranges.occupy('e', 'fd00::/64')
  assert.is(ranges.free, 4)
  assert.equal(
    ['f', 'g', 'h', 'i', 'j'].map((node) => ranges.allocate(node)),
    ['10.244.1.0/24', '10.244.5.0/24', '10.244.6.0/24', '10.244.7.0/24', undefined],
  )
  ranges.occupy('z', '10.244.0.0/24')
  ranges.release('z')
  assert.is(ranges.allocate('k'), undefined, 'it is still the first one’s')
  assert.ok(ranges.release('b'))
  assert.is(ranges.free, 2)
})

test('every node gets its own range once, and keeps it', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(nodes, makeNode('own', 'True', { spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } }))
  for (let index = 0; index < 20; index += 1) await cluster.client.create(nodes, makeNode(`node-${index}`))
  await cluster.quiet()
  const { items } = await cluster.client.list(nodes)
  const ranges = items.map(({ spec }) => spec.podCIDR)
  assert.is(new Set(ranges).size, 21)
  assert.ok(items.every(({ spec }) => spec.podCIDRs?.[0] === spec.podCIDR))
  assert.is(cluster.writes().filter(({ kind, user }) => kind.resource === 'nodes' && user.name.includes('ipam')).length, 20)
})

test('a node that finds none gets one as soon as another goes', async (t) => {
  const cluster = await plane(t, { clusterCidr: '10.0.0.0/23', nodeMask: 24 })
  for (const name of ['a', 'b', 'c']) await cluster.client.create(nodes, makeNode(name))
  await cluster.quiet()
  const without = (await cluster.client.list(nodes)).items.filter(({ spec }) => !spec.podCIDR)
  assert.equal(
    without.map(({ metadata }) => metadata.name),
    ['c'],
  )
  const { items } = await cluster.client.list(events)
  assert.ok(items.some(({ reason, involvedObject }) => reason === 'CIDRNotAvailable' && involvedObject.name === 'c'))
  await cluster.client.delete(nodes, '', 'a')
  await cluster.quiet()
  assert.is((await cluster.node('c')).spec.podCIDR, '10.0.0.0/24')
})
