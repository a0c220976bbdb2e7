/**
 * A cluster at the size that it is meant for, the whole product in a process of its own, as a user starts it:
 *
 *     node --conditions=source --import tsx cli/e2e/bench-scale.ts [nodes] [deployments] [replicas] [count]
 *
 * Hollow nodes, Deployments of so many Pods each: how long until all run, then a rolling update of all of them at once.
 * Every change of every Pod is looked at: no Deployment may have fewer Pods ready than its strategy leaves it, or more in all.
 * With `count` the audit log is on, and says who wrote how much of what; figures of time are those of a run without it.
 * Needs the built command (`node scripts/build.mjs`).
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Cluster, eventually } from './cluster.js'
import { followWrites, type Heard } from './followed.js'
import { type Budget, RolloutBudgets } from './rollout-budgets.js'
import { WriteCounts } from './write-counts.js'

const [nodeCount = 1000, deploymentCount = 500, replicas = 20] = process.argv.slice(2, 5).map(Number)
const auditDirectory = process.argv[5] === 'count' ? mkdtempSync(path.join(tmpdir(), 'davit-audit-')) : undefined
const auditLog = path.join(auditDirectory ?? '', 'audit.log')
const podCount = deploymentCount * replicas
const own = '/apis/apps/v1/namespaces/default/deployments'
const nameOf = (index: number): string => `web-${index}`

const started = performance.now()
const cluster = await Cluster.start('--runtime', 'hollow', '--nodes', String(nodeCount), '--proxy', 'none', ...auditFlags())
const counts = new WriteCounts()
let counted = 0
const budgets = new RolloutBudgets()
try {
  const { connection } = cluster
  console.log(`the API answers after ${seconds(started)}`)
  await eventually('all nodes are ready', async () => (await readyNodes()) === nodeCount, 120_000)
  console.log(`${nodeCount} nodes are ready after ${seconds(started)}; ${memory()}`)
  tellWrites('to start')
  const heard: Heard = (type, pod) => budgets.heard(type, pod)
  followWrites(connection, '/api/v1/pods', heard).catch((error: Error) => console.log(`${error.message}`))

  const create = performance.now()
  await each((name) => connection.json('POST', own, { body: deployment(name, 'web:1') }))
  console.log(`${deploymentCount} Deployments created in ${seconds(create)}`)
  await eventually('all Pods are ready', async () => budgets.ready('web:1') === podCount, 600_000)
  console.log(`${podCount} Pods are ready ${seconds(create)} after the first create; ${memory()}`)
  tellWrites('until all were ready')

  const limits: Budget = { least: replicas - Math.floor(replicas / 4), most: replicas + Math.ceil(replicas / 4) }
  for (let index = 0; index < deploymentCount; index += 1) budgets.watch(nameOf(index), limits)
  const update = performance.now()
  const patch = { body: { spec: { template: template('web:2') } }, contentType: 'application/strategic-merge-patch+json' }
  await each((name) => connection.json('PATCH', `${own}/${name}`, patch))
  console.log(`${deploymentCount} templates changed in ${seconds(update)}`)
  await eventually('all Pods are new', async () => budgets.ready('web:2') === podCount && budgets.total === podCount, 600_000)
  console.log(`${podCount} Pods are new ${seconds(update)} after the first change; ${memory()}`)
  tellWrites('until all were new')
  console.log(`budgets broken: ${budgets.broken.length}${budgets.broken.slice(0, 10).map((line) => `\n  ${line}`)}`)
  const before = cpuSeconds()
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  console.log(`20 s without work: ${(cpuSeconds() - before).toFixed(1)} s of CPU; ${memory()}`)
  tellWrites('in 20 s without work')
} finally {
  await cluster.stop()
  if (auditDirectory !== undefined) rmSync(auditDirectory, { recursive: true })
}
process.exit(budgets.broken.length === 0 ? 0 : 1)

async function readyNodes(): Promise<number> {
  const items = await cluster.list('/api/v1/nodes')
  return items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }: { type: string; status: string }) => type === 'Ready' && is === 'True'),
  ).length
}

/** For all Deployments, 32 at a time. */
async function each(run: (name: string) => Promise<unknown>): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < deploymentCount) {
      next += 1
      await run(nameOf(next - 1))
    }
  }
  await Promise.all(Array.from({ length: 32 }, work))
}

function template(image: string) {
  const containers = [{ name: 'main', image, resources: { requests: { cpu: '1m', memory: '1Mi' } } }]
  return { spec: { containers, terminationGracePeriodSeconds: 0 } }
}
function deployment(name: string, image: string) {
  const labels = { app: name }
  const { spec } = template(image)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function memory(): string {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(cluster.pid)]).toString()
  return `resident memory ${Math.round(Number(kilobytes) / 1024)} MB, ${cpuSeconds().toFixed(1)} s of CPU so far`
}
function cpuSeconds(): number {
  const [minutes = 0, rest = 0] = execFileSync('ps', ['-o', 'cputimes=', '-p', String(cluster.pid)])
    .toString()
    .split(':')
    .map(Number)
  return rest === 0 ? minutes : minutes * 60 + rest
}

function auditFlags(): string[] {
  if (auditDirectory === undefined) return []
  const [policyFile, config] = ['policy.yaml', 'cluster.yaml'].map((name) => path.join(auditDirectory, name)) as [string, string]
  const omitStages = ['RequestReceived', 'ResponseStarted']
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules: [{ level: 'Metadata' }] }
  const audit = { id: 'audit-log', config: { policyFile, path: auditLog, maxSizeMegabytes: 4096, whenFull: 'block' } }
  writeFileSync(policyFile, JSON.stringify(policy))
  writeFileSync(config, JSON.stringify({ apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', plugins: [audit] }))
  return ['--config', config]
}

/** Since the last time. */
function tellWrites(when: string): void {
  if (auditDirectory === undefined) return
  const bytes = readFileSync(auditLog)
  const end = bytes.lastIndexOf(0x0a) + 1
  for (const line of bytes.subarray(counted, end).toString().split('\n')) if (line !== '') counts.add(line)
  counted = end
  console.log([`writes ${when}:`, ...counts.take()].join('\n'))
}
