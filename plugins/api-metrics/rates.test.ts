import type { ContainerUsage, NodeUsage } from '@davit/core/api'
import { assert, suite } from '@davit/core/testing'
import { durationText } from './metrics.js'
import { ratesOf, sumOf } from './rates.js'

const test = suite('rates')
const windows = { shortestMs: 1000, longestMs: 120_000 }
const start = 1_000_000_000

function container(id: string, at: number, cpuMs: number, startedAt = start): ContainerUsage {
  return { name: id.split('#')[0] ?? '', id, at, startedAt, cpuNanoseconds: cpuMs * 1_000_000, memoryBytes: 1024 }
}
function usage(at: number, containers: Record<string, readonly ContainerUsage[]>, node?: number): NodeUsage {
  const pods = Object.entries(containers).map(([uid, list]) => ({ namespace: 'default', name: uid, uid, containers: list }))
  const machine = node === undefined ? {} : { node: { at, cpuNanoseconds: node * 1_000_000, memoryBytes: 4096 } }
  return { at, pods, ...machine }
}
const hour = 3_600_000

test('what is used is the difference of two readings by the time between them', () => {
  const before = usage(start + hour, { a: [container('main', start + hour, 5000)] }, 10_000)
  const now = usage(start + hour + 10_000, { a: [container('main', start + hour + 10_000, 7500)] }, 30_000)
  const { pods, node, incomplete } = ratesOf(now, [before], windows)
  assert.is(incomplete, false)
  assert.equal(pods.get('a')?.get('main'), {
    at: start + hour + 10_000,
    windowMs: 10_000,
    nanocores: 250_000_000,
    memoryBytes: 1024,
  })
  assert.is(node?.nanocores, 2_000_000_000)
})

test('a young container counts from its start, an old one needs an earlier reading', () => {
  const young = usage(start + 30_000, { a: [container('main', start + 30_000, 3000)] })
  assert.is(ratesOf(young, [], windows).pods.get('a')?.get('main')?.nanocores, 100_000_000)
  const old = usage(start + hour, { a: [container('main', start + hour, 3000)] })
  const { pods, incomplete } = ratesOf(old, [], windows)
  assert.is(pods.size, 0)
  assert.is(incomplete, true)
})

test('a container that began a moment ago has no rate yet', () => {
  const now = usage(start + 400, { a: [container('main', start + 400, 400)] })
  assert.is(ratesOf(now, [], windows).incomplete, true)
  const later = usage(start + 1400, { a: [container('main', start + 1400, 900)] })
  assert.is(ratesOf(later, [now], windows).pods.get('a')?.get('main')?.nanocores, 500_000_000)
})

test('a reading that is too old is passed over for the next', () => {
  const [old, first, now] = [0, hour, hour + 1000].map((at) =>
    usage(start + at, { a: [container('main', start + at, at / 10, start - hour)] }),
  )
  const { pods } = ratesOf(now as NodeUsage, [old as NodeUsage, first as NodeUsage], windows)
  assert.is(pods.get('a')?.get('main')?.windowMs, 1000)
  assert.is(pods.get('a')?.get('main')?.nanocores, 100_000_000)
})

test('another id is another counter, and one that went back is no measure', () => {
  const before = usage(start + hour, { a: [container('main', start + hour, 5000)], b: [container('main', start + hour, 50)] })
  const at = start + hour + 10_000
  const again = usage(at, { a: [container('main#1', at, 100, at - 5000)], b: [container('main', at, 20)] })
  const { pods, incomplete } = ratesOf(again, [before], windows)
  assert.is(pods.get('a')?.get('main')?.nanocores, 20_000_000)
  assert.is(pods.has('b'), false)
  assert.is(incomplete, true)
})

test('half a Pod is none', () => {
  const now = usage(start + hour, {
    a: [container('main', start + hour, 5000), container('side', start + hour, 10, start + hour - 2000)],
  })
  assert.is(ratesOf(now, [], windows).pods.size, 0)
})

test('a node without a machine is what its containers are', () => {
  const at = start + 10_000
  const now = usage(at, { a: [container('one', at, 1000), container('two', at, 2000)], b: [container('one', at, 500)] })
  const { node } = ratesOf(now, [], windows)
  assert.equal(node, { at, windowMs: 10_000, nanocores: 350_000_000, memoryBytes: 3072 })
  assert.equal(ratesOf(usage(at, {}), [], windows).node, { at, windowMs: 1000, nanocores: 0, memoryBytes: 0 })
})

test('a machine that was never read has no rate', () => {
  const { node, incomplete } = ratesOf(usage(start, {}, 100), [], windows)
  assert.is(node, undefined)
  assert.is(incomplete, true)
})

test('the oldest moment and the longest window hold for a sum', () => {
  const rate = { nanocores: 1, memoryBytes: 1 }
  const sum = sumOf(
    [
      { ...rate, at: 5, windowMs: 10 },
      { ...rate, at: 4, windowMs: 20 },
    ],
    9,
    windows,
  )
  assert.equal(sum, { at: 4, windowMs: 1000, nanocores: 2, memoryBytes: 2 })
})

test('lengths of time are written as Go writes them', () => {
  assert.equal([1000, 15_012, 60_000, 62_500, 500].map(durationText), ['1s', '15.012s', '1m0s', '1m2.5s', '0.5s'])
})
