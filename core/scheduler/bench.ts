/**
 * Measures the scheduler, in process:
 *
 *     node --conditions=source --import tsx core/scheduler/bench.ts [nodes] [pods] [plugin file …]
 *
 * First the cycle alone: policies behind the hooks against the same code written into the loop. Then the whole way from
 * the create of a Pod to its binding, over the engine that users run, with the policies of the given plugins or, where
 * there are none, with the ones below.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ApiHooksToken } from '../api/contract.js'
import type { Client } from '../client/contract.js'
import { nodes, pods } from '../client/contract.js'
import { type AnyPlugin, definePlugin, type Random } from '../kernel/contract.js'
import { createSeededRandom } from '../kernel/random.js'
import type { Node, Pod } from '../kinds/contract.js'
import { boot } from '../testing/contract.js'
import { SchedulerCache } from './cache.js'
import { Filter, type FilterPolicy, type NodeInfo, type PodInfo, Score, type ScorePolicy } from './contract.js'
import { bestTwo, enoughNodes, runCycle } from './cycle.js'
import { schedulerHost } from './host.js'
import { podInfo } from './requests.js'
import { MapCycleState } from './state.js'

const nodeCount = Number(process.argv[2] ?? 1000)
const podCount = Number(process.argv[3] ?? 5000)
const files = process.argv.slice(4)

function node(index: number): Node {
  const offered = { cpu: '4', memory: '8Gi', pods: '110' }
  const name = `node-${String(index).padStart(5, '0')}`
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: { capacity: offered, allocatable: offered, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

function pod(index: number): Pod {
  const resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `bench-${index}`, namespace: 'default', labels: { app: 'bench' } },
    spec: { containers: [{ name: 'c', image: 'nginx:1.25', ports: [{ containerPort: 80 }], resources }] },
  }
}

const rejected = { reason: 'Insufficient resources' }
const fit: FilterPolicy = {
  name: 'fit',
  filter: (_state, pod, node) => (fits(pod, node) ? undefined : rejected),
}
const packed: ScorePolicy = { name: 'packed', score: (_state, pod, node) => share(pod, node) }

function fits({ requests }: PodInfo, { requested, allocatable, pods, allowedPods }: NodeInfo): boolean {
  return (
    pods.length < allowedPods &&
    requested.milliCpu + requests.milliCpu <= allocatable.milliCpu &&
    requested.memory + requests.memory <= allocatable.memory
  )
}

function share({ requests }: PodInfo, { requested, allocatable }: NodeInfo): number {
  const cpu = (requested.milliCpu + requests.milliCpu) / allocatable.milliCpu
  const memory = (requested.memory + requests.memory) / allocatable.memory
  return 50 * (cpu + memory)
}

/** What the cycle does, with the two policies written into it. */
function inlined(pod: PodInfo, all: readonly NodeInfo[], start: number, enough: number, random: Random) {
  const fitting: NodeInfo[] = []
  const rejections = new Map<string, object>()
  let looked = 0
  let place = start % all.length
  while (looked < all.length && fitting.length < enough) {
    const node = all[place] as NodeInfo
    looked += 1
    place += 1
    if (place === all.length) place = 0
    if (fits(pod, node)) fitting.push(node)
    else rejections.set(node.name, rejected)
  }
  const totals = new Float64Array(fitting.length)
  for (let index = 0; index < fitting.length; index++) {
    const score = share(pod, fitting[index] as NodeInfo)
    totals[index] = (totals[index] as number) + Math.min(100, score)
  }
  return { node: fitting[bestTwo(totals, random).best] as NodeInfo, next: (start + looked) % all.length }
}

/** Microseconds of one cycle, over nodes that fill up and are emptied again. */
function timeCycles(count: number, choose: (pod: PodInfo, cache: SchedulerCache) => NodeInfo): number {
  const cache = new SchedulerCache()
  for (let index = 0; index < nodeCount; index++) cache.setNode(node(index))
  const infos = Array.from({ length: count }, (_, index) => {
    const one = pod(index)
    return podInfo({ ...one, metadata: { ...one.metadata, uid: String(index) } })
  })
  const began = performance.now()
  for (const info of infos) cache.assume(info, choose(info, cache).name)
  return ((performance.now() - began) * 1000) / count
}

/** Answers with the microseconds that the hooks cost each Pod. */
function benchCycle(): number {
  const random = createSeededRandom(1)
  const options = { random, enough: enoughNodes(nodeCount, 0), outOfRange: () => undefined }
  const policies = { preFilters: [], filters: [fit], scores: [packed] }
  const count = Math.min(5000, nodeCount * 30)
  const best = { hooked: Number.POSITIVE_INFINITY, inlined: Number.POSITIVE_INFINITY }
  for (let round = 0; round < 8; round++) {
    let start = 0
    const hooked = timeCycles(count, (info, cache) => {
      const outcome = runCycle(new MapCycleState(), info, cache.snapshot(), policies, { ...options, start })
      start = outcome.nextStart
      return outcome.node as NodeInfo
    })
    let next = 0
    const direct = timeCycles(count, (info, cache) => {
      const chosen = inlined(info, cache.snapshot().nodes, next, options.enough, random)
      next = chosen.next
      return chosen.node
    })
    best.hooked = Math.min(best.hooked, hooked)
    best.inlined = Math.min(best.inlined, direct)
  }
  console.log(`cycle over ${nodeCount} nodes: ${best.hooked.toFixed(1)} µs with hooks, ${best.inlined.toFixed(1)} µs inlined`)
  return best.hooked - best.inlined
}

const allowAll = definePlugin({
  id: 'bench-allow-all',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, (_request) => ({ allowed: true, reason: '' }))
    return {}
  },
})
const ownPolicies = definePlugin({
  id: 'bench-policies',
  api: '^1.0',
  provides: { filters: Filter, scores: Score },
  setup: async () => ({ provides: { filters: fit, scores: packed } }),
})

async function policies(): Promise<readonly AnyPlugin[]> {
  if (files.length === 0) return [ownPolicies]
  return Promise.all(files.map(async (file) => (await import(pathToFileURL(file).href)).default as AnyPlugin))
}

async function each(count: number, concurrency: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

function allBound(client: Client): Promise<void> {
  const bound = new Set<string>()
  return new Promise((resolve) => {
    const handle = client.watch(
      pods,
      {},
      {
        event(_type, { metadata, spec }) {
          if (spec.nodeName) bound.add(metadata.name ?? '')
          if (bound.size < podCount) return
          handle.close()
          resolve()
        },
        end: () => undefined,
      },
    )
  })
}

async function benchWhole(hooks: number): Promise<void> {
  const level = await mkdtemp(join(tmpdir(), 'davit-scheduler-bench-'))
  const entries = [allowAll, schedulerHost, ...(await policies())].map((plugin) => ({ plugin }))
  const plane = await boot({ clock: 'real', store: { level }, plugins: entries })
  const { client } = plane
  await each(nodeCount, 32, async (index) => {
    const made = await client.create(nodes, node(index))
    await client.updateStatus(nodes, { ...made, status: node(index).status ?? {} })
  })
  const cpu = process.cpuUsage()
  const began = performance.now()
  const done = allBound(client)
  await each(podCount, 32, (index) => client.create(pods, pod(index)))
  const created = (performance.now() - began) / 1000
  await done
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  const micros = (used.user + used.system) / podCount
  console.log(
    `${podCount} Pods over ${nodeCount} nodes: created ${Math.round(podCount / created)}/s, bound ${Math.round(podCount / seconds)}/s, cpu ${micros.toFixed(0)} µs each`,
  )
  console.log(`of which the hooks: ${hooks.toFixed(1)} µs, ${((100 * hooks) / micros).toFixed(1)} %`)
  await plane.stop()
  await rm(level, { recursive: true })
}

await benchWhole(benchCycle())
