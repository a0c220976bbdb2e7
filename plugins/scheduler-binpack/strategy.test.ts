import { assert, suite } from '@davit/core/testing'
import { balancedAllocation } from './balance.js'
import type { BinpackConfig } from './config.js'
import { strategyScore } from './strategy.js'
import { asking, node, pod, scoreOf } from './testing.js'

const defaults: BinpackConfig = {
  strategy: 'MostAllocated',
  resources: [
    { name: 'cpu', weight: 1 },
    { name: 'memory', weight: 1 },
  ],
  shape: [
    { utilization: 0, score: 0 },
    { utilization: 100, score: 10 },
  ],
  weight: 1,
  balancedAllocationWeight: 1,
}
const about = (requests: Record<string, string>) => pod({ containers: [asking(requests)] })
const where = node({
  allocatable: { cpu: '4', memory: '8', 'ephemeral-storage': '100', 'example.com/gpu': '4' },
  pods: [{ containers: [asking({ cpu: '1', memory: '2', 'example.com/gpu': '1' })] }],
})
const only = (...names: string[]) => names.map((name) => ({ name, weight: 1 }))

const strategies = suite('strategy')
for (const [name, config, requests, expected] of [
  ['most: the share in use', {}, { cpu: '1', memory: '2' }, 50],
  ['most: each resource by itself', {}, { cpu: '3' }, 62.5],
  ['most: full', {}, { cpu: '3', memory: '6' }, 100],
  ['most: more than there is counts as full', {}, { cpu: '9', memory: '60' }, 100],
  ['least: the share that is free', { strategy: 'LeastAllocated' }, { cpu: '1', memory: '2' }, 50],
  ['least: full', { strategy: 'LeastAllocated' }, { cpu: '3', memory: '6' }, 0],
  ['one resource', { resources: only('cpu') }, { cpu: '2' }, 75],
  ['an extended one', { resources: only('example.com/gpu') }, { 'example.com/gpu': '2' }, 75],
  ['storage', { resources: only('ephemeral-storage') }, { 'ephemeral-storage': '30' }, 30],
  ['one that the node has not says nothing', { resources: only('cpu', 'example.com/fpga') }, { cpu: '1' }, 50],
  ['none that the node has', { resources: only('example.com/fpga') }, {}, 0],
  [
    'by weight',
    {
      resources: [
        { name: 'cpu', weight: 3 },
        { name: 'memory', weight: 1 },
      ],
    },
    { cpu: '3' },
    81.25,
  ],
] as const) {
  strategies(name, () => {
    const policy = strategyScore({
      ...defaults,
      ...config,
      resources: 'resources' in config ? [...config.resources] : defaults.resources,
    })
    assert.is(scoreOf(policy, about(requests), where), expected)
  })
}

const shaped = suite('shape')
const points = (...list: [number, number][]) => list.map(([utilization, score]) => ({ utilization, score }))
for (const [name, shape, cpu, expected] of [
  ['a line', points([0, 0], [100, 10]), '1', 50],
  ['a falling line', points([0, 10], [100, 0]), '2', 25],
  ['before the first point', points([60, 2], [80, 8]), '1', 20],
  ['after the last point', points([10, 2], [40, 8]), '2', 80],
  ['on a point', points([0, 0], [50, 9], [100, 0]), '1', 90],
  ['between points', points([0, 0], [50, 10], [100, 0]), '2', 50],
] as const) {
  shaped(name, () => {
    const config = { ...defaults, strategy: 'RequestedToCapacityRatio' as const, resources: only('cpu'), shape: [...shape] }
    assert.is(scoreOf(strategyScore(config), about({ cpu }), where), expected)
  })
}

const balanced = suite('balance')
for (const [name, requests, expected] of [
  ['cpu and memory alike', { cpu: '1', memory: '2' }, 100],
  ['cpu alone', { cpu: '3' }, 62.5],
  ['memory alone', { memory: '4' }, 75],
  ['both more than there is', { cpu: '30', memory: '40' }, 100],
] as const) {
  balanced(name, () => assert.is(scoreOf(balancedAllocation(1), about(requests), where), expected))
}
balanced('a node without one of them has it full', () => {
  assert.is(scoreOf(balancedAllocation(1), about({}), node({ allocatable: { cpu: '0', memory: '8' } })), 50)
})
