import fc from 'fast-check'
import { assert, test } from '../testing/contract.js'
import { SchedulerCache } from './cache.js'
import type { NodeInfo } from './contract.js'
import { podInfo } from './requests.js'
import { asking, node, plain, pod } from './testing.js'

const cpu = (amount: string) => ({ containers: [asking({ cpu: amount })] })
const on = (name: string, where: string, amount = '1', more: object = {}) => ({
  ...pod(name, { ...cpu(amount), nodeName: where }),
  ...more,
})
const port = (number: number) => asking({}, { ports: [{ containerPort: number, hostPort: number }] })

function cacheOf(...names: string[]): { cache: SchedulerCache; at: (name: string) => NodeInfo } {
  const cache = new SchedulerCache()
  for (const name of names) cache.setNode(node(name))
  return { cache, at: (name) => cache.snapshot().node(name) as NodeInfo }
}

test('a snapshot has the nodes in order of name, and is the same array until one comes or goes', () => {
  const { cache } = cacheOf('b', 'a')
  const before = cache.snapshot()
  assert.equal(
    before.nodes.map(({ name }) => name),
    ['a', 'b'],
  )
  cache.setPod(on('web', 'a'))
  cache.setNode(node('a', { cpu: '9' }))
  assert.is(cache.snapshot().nodes, before.nodes)
  cache.setNode(node('c'))
  assert.is.not(cache.snapshot().nodes, before.nodes)
  cache.removeNode('b')
  assert.equal(
    cache.snapshot().nodes.map(({ name }) => name),
    ['a', 'c'],
  )
})

test('each change of a node raises its generation, and no other', () => {
  const { cache, at } = cacheOf('a', 'b')
  const seen = [at('a').generation]
  cache.setPod(on('web', 'a'))
  seen.push(at('a').generation)
  cache.setPod(on('web', 'a', '2'))
  seen.push(at('a').generation)
  cache.setNode(node('a', { cpu: '9' }))
  seen.push(at('a').generation)
  cache.removePod('uid-web')
  seen.push(at('a').generation)
  assert.equal(
    seen,
    [...new Set(seen)].sort((x, y) => x - y),
  )
  assert.is(at('b').generation, 1)
})

test('an assumed Pod counts at once, and once when the API confirms it', () => {
  const { cache, at } = cacheOf('a')
  cache.assume(podInfo(pod('web', cpu('1'))), 'a')
  assert.is(at('a').requested.milliCpu, 1000)
  cache.setPod(on('web', 'a'))
  assert.is(at('a').requested.milliCpu, 1000)
  assert.is(at('a').pods.length, 1)
  cache.forget('uid-web')
  assert.is(at('a').pods.length, 1, 'what is confirmed cannot be forgotten')
})

test('an assumption that is taken back leaves nothing', () => {
  const { cache, at } = cacheOf('a')
  cache.assume(podInfo(pod('web', cpu('1'))), 'a')
  cache.forget('uid-web')
  cache.forget('uid-web')
  assert.is(at('a').requested.milliCpu, 0)
  assert.is(cache.placed('uid-web'), undefined)
})

test('a Pod that the API has elsewhere than assumed is there alone', () => {
  const { cache, at } = cacheOf('a', 'b')
  cache.assume(podInfo(pod('web', cpu('1'))), 'a')
  cache.setPod(on('web', 'b'))
  assert.is(at('a').requested.milliCpu, 0)
  assert.is(at('b').requested.milliCpu, 1000)
})

test('Pods may be seen before their node, and stay when it goes and comes again', () => {
  const { cache, at } = cacheOf()
  cache.setPod(on('web', 'late'))
  assert.is(cache.snapshot().nodes.length, 0)
  assert.is(cache.snapshot().node('late'), undefined)
  cache.setNode(node('late'))
  assert.is(at('late').requested.milliCpu, 1000)
  cache.removeNode('late')
  assert.is(cache.snapshot().node('late'), undefined)
  cache.setNode(node('late'))
  assert.is(at('late').pods.length, 1)
})

test('it tells what left room: a Pod that ends, goes or asks for less', () => {
  const { cache } = cacheOf('a')
  assert.not(cache.setPod(on('web', 'a', '2')))
  assert.not(cache.setPod(on('web', 'a', '3')))
  assert.ok(cache.setPod(on('web', 'a', '1')))
  assert.ok(cache.setPod(on('web', 'a', '1', { status: { phase: 'Failed' } })))
  assert.not(cache.setPod(on('web', 'a', '1', { status: { phase: 'Failed' } })))
  cache.setPod(on('other', 'a'))
  assert.ok(cache.removePod('uid-other'))
  assert.not(cache.removePod('uid-other'))
})

test('a port that two Pods have is taken until both are gone', () => {
  const { cache, at } = cacheOf('a')
  const withPorts = (name: string) => pod(name, { containers: [port(80), port(81)], nodeName: 'a' })
  cache.setPod(withPorts('one'))
  cache.setPod(withPorts('two'))
  cache.removePod('uid-one')
  assert.equal([...at('a').hostPorts], ['0.0.0.0/TCP/80', '0.0.0.0/TCP/81'])
  cache.setPod(withPorts('two'))
  cache.removePod('uid-two')
  assert.equal([...at('a').hostPorts], [])
})

test('the sums are those of the Pods that are there, whatever happened', () => {
  const step = fc.record({
    kind: fc.constantFrom('assume', 'set', 'remove', 'forget', 'finish'),
    pod: fc.integer({ min: 0, max: 4 }),
    node: fc.constantFrom('a', 'b'),
    cpu: fc.integer({ min: 1, max: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { cache, at } = cacheOf('a', 'b')
      for (const { kind, pod: number, node: where, cpu: amount } of steps) {
        const name = String(number)
        if (kind === 'assume') cache.assume(podInfo(pod(name, cpu(String(amount)))), where)
        else if (kind === 'set') cache.setPod(on(name, where, String(amount)))
        else if (kind === 'finish') cache.setPod(on(name, where, '1', { status: { phase: 'Succeeded' } }))
        else if (kind === 'remove') cache.removePod(`uid-${name}`)
        else cache.forget(`uid-${name}`)
      }
      for (const name of ['a', 'b']) {
        const sum = at(name).pods.reduce((total, { requests }) => total + requests.milliCpu, 0)
        assert.is(at(name).requested.milliCpu, sum)
        assert.equal(plain(at(name).requested), { milliCpu: sum, memory: 0, ephemeralStorage: 0 })
      }
      const uids = ['a', 'b'].flatMap((name) => at(name).pods.map((info) => info.pod.metadata.uid))
      assert.is(new Set(uids).size, uids.length, 'no Pod is on two nodes')
    }),
  )
})
