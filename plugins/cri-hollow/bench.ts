/**
 * How fast hollow Pods come up: `node --conditions=source --import tsx plugins/cri-hollow/bench.ts [nodes] [pods]`.
 * The Pods are bound when they are created, so that only the agents are measured. Store on disk, real clock.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodes, pods } from '@davit/core/client'
import { nodeAgent, nodeVolumes } from '@davit/core/node/testkit'
import { boot } from '@davit/core/testing'
import cri from './index.js'
import { allowNodes, isReady, makePod, node } from './testing.js'

const [nodeCount = 100, podCount = 1000] = process.argv.slice(2).map(Number)
const directory = await mkdtemp(join(tmpdir(), 'davit-hollow-'))
const ms = (since: number): string => `${Math.round(performance.now() - since)} ms`

const configs = Array.from({ length: nodeCount }, (_, index) =>
  node(`node-${index}`, { podCidr: `10.${Math.floor(index / 256)}.${index % 256}.0/24` }),
)
const began = performance.now()
const plane = await boot({
  clock: 'real',
  store: { level: join(directory, 'store') },
  plugins: [
    { plugin: allowNodes },
    { plugin: cri },
    { plugin: nodeVolumes },
    { plugin: nodeAgent, config: { nodes: configs, dataDirectory: directory } },
  ],
})
try {
  await counted(nodeCount, (done) =>
    plane.clients.informer(nodes).on({
      added: (item) => isReady(item) && done(item.metadata.name),
      updated: (item) => isReady(item) && done(item.metadata.name),
    }),
  )
  console.log(`${nodeCount} nodes ready in ${ms(began)}`)
  const start = performance.now()
  const running = counted(podCount, (done) =>
    plane.clients.informer(pods).on({ updated: (pod) => isReady(pod) && done(pod.metadata.name) }),
  )
  for (let index = 0; index < podCount; index += 200) {
    const batch = Array.from({ length: Math.min(200, podCount - index) }, (_, offset) => index + offset)
    await Promise.all(
      batch.map((number) => plane.client.create(pods, makePod(`pod-${number}`, { nodeName: `node-${number % nodeCount}` }, {}))),
    )
  }
  console.log(`${podCount} Pods created in ${ms(start)}`)
  await running
  console.log(`${podCount} Pods ready in ${ms(start)}; resident memory ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`)
  const times: number[] = []
  for (let index = 0; index < 100; index += 1) times.push(await one(`single-${index}`))
  times.sort((a, b) => a - b)
  console.log(`one at a time, create to Ready: p50 ${times[50]?.toFixed(1)} ms, p99 ${times[99]?.toFixed(1)} ms`)
  const cpu = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const { user, system } = process.cpuUsage(cpu)
  console.log(`idle for 10 s: ${Math.round((user + system) / 1000)} ms of CPU`)
} finally {
  await plane.stop()
  await rm(directory, { recursive: true, force: true })
}

/** What the agent itself costs: a hollow container starts in no time. */
async function one(name: string): Promise<number> {
  const since = performance.now()
  const ready = counted(1, (done) =>
    plane.clients.informer(pods).on({ updated: (pod) => pod.metadata.name === name && isReady(pod) && done(name) }),
  )
  await plane.client.create(pods, makePod(name, { nodeName: 'node-0' }, {}))
  await ready
  return performance.now() - since
}

/** Resolves when `done` was called with so many names. */
function counted(count: number, listen: (done: (name: string) => void) => () => void): Promise<void> {
  const seen = new Set<string>()
  return new Promise((resolve) => {
    const undo = listen((name) => {
      seen.add(name)
      if (seen.size < count) return
      undo()
      resolve()
    })
  })
}
