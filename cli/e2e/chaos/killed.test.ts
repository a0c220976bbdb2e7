// @serial client
// @timeout 3600
/**
 * The server itself, with its node agents, is killed by SIGKILL at random points of roll-outs, scale-downs, evictions and
 * Jobs of real processes, and so are the processes; it comes back over the same durable store. What was promised holds all
 * the time, every write that was answered is there, no Pod of a Job runs twice, and at the end all is as it was asked for.
 * `DAVIT_CHAOS_KILLS` says how many kills (500 take about half an hour), `DAVIT_CHAOS_SEED` repeats their schedule.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { configMaps, deployments, isNotFound, jobs, podDisruptionBudgets, pods, statefulSets } from '@davit/core/client'
import type { Random } from '@davit/core/kernel'
import type { ObjectMeta, PodTemplateSpec } from '@davit/core/kinds'
import { assert, createTestServices, type TestContext, test } from '@davit/core/testing'
import { environmentOf, type KilledCluster, killedCluster } from './killed-cluster.js'
import { seed, seeded } from './seeded.js'
import { ownedPods, promisesOf, type Scaled, unwell } from './workloads.js'

const kills = Number(process.env.DAVIT_CHAOS_KILLS ?? 6)
const replicas = 2
const scaled: readonly Scaled[] = [
  { name: 'web', kind: 'Deployment', maxUnavailable: 1, maxSurge: 1 },
  { name: 'edge', kind: 'Deployment', maxUnavailable: 0, maxSurge: 1 },
  { name: 'db', kind: 'StatefulSet', maxUnavailable: 1, maxSurge: 0 },
]
const completions = 2

/** All that chance decides of one kill, drawn at once, so that nothing that happens changes what comes later. */
interface Round {
  readonly number: number
  readonly deed: number
  readonly app: Scaled
  readonly size: number
  readonly pauseMs: number
  readonly target: 'server' | 'process'
  readonly victim: number
}

function roundOf(random: Random, number: number): Round {
  return {
    number,
    deed: random.integer(6),
    app: scaled[random.integer(scaled.length)] as Scaled,
    size: 1 + random.integer(3),
    pauseMs: random.integer(500),
    target: random.integer(3) > 0 ? 'server' : 'process',
    victim: random.integer(1000),
  }
}

test(
  `${kills} kills of the server and of processes: nothing that was promised or answered is lost`,
  (t) => seeded(kills, () => storm(t)),
  { requires: ['root', 'netns'], timeoutMs: kills > 20 ? 3_500_000 : 180_000 },
)

async function storm(t: TestContext): Promise<void> {
  const { random } = createTestServices(`real storm ${seed}`)
  const at = await killedCluster(t)
  await createAll(at)
  await settled(at, 'at first')
  const writer = writing(at)
  t.defer(() => writer.stop())
  for (let number = 0; number < kills; number += 1) {
    const round = roundOf(random, number)
    const done = `${await deed(at, round)}, then ${round.target} killed`
    await at.pass(round.pauseMs)
    if (round.target === 'server') await at.killServer()
    else killProcess(at, round)
    at.observer.note(done)
    promisesHeld(at, `after kill ${number} (${done})`)
  }
  const answered = await writer.stop()
  await settled(at, 'at the end')
  const kept = new Set((await at.client.list(configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name))
  assert.equal(
    answered.filter((name) => !kept.has(name)),
    [],
    'a write that was answered is lost',
  )
  await nobodyIsLeft(at)
  await jobsRanOnce(at)
  await at.stop()
  assert.equal([...at.processes()], [], 'processes outlive `davit down`')
}

async function createAll({ client, observer, notes }: KilledCluster): Promise<void> {
  const namespace = 'default'
  for (const one of scaled) {
    const { name, kind, maxUnavailable, maxSurge } = one
    observer.promise(name, promisesOf(one, replicas))
    const metadata = { name, namespace }
    const spec = { replicas, selector: { matchLabels: { app: name } }, template: template(notes, name, 'exec sleep 1000') }
    if (kind === 'Deployment') {
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } }
      await client.create(deployments, { apiVersion: 'apps/v1', kind, metadata, spec: { ...spec, strategy } })
    } else await client.create(statefulSets, { apiVersion: 'apps/v1', kind, metadata, spec })
    const budget = { selector: { matchLabels: { app: name } }, maxUnavailable: 1 }
    await client.create(podDisruptionBudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: budget })
  }
}

function template(notes: string, app: string, script: string, more: object = {}): PodTemplateSpec {
  const container = { name: 'main', image: 'none:1', command: ['/bin/sh', '-c', script], env: environmentOf(notes) }
  const metadata = { labels: { app } } as unknown as ObjectMeta
  return { metadata, spec: { terminationGracePeriodSeconds: 2, containers: [container], ...more } } as PodTemplateSpec
}

function deed(at: KilledCluster, round: Round): Promise<string> {
  if (round.deed < 2) return rollOut(at, round)
  if (round.deed === 2) return scale(at, round)
  return round.deed === 3 ? evict(at, round) : startJob(at, round)
}

async function change({ client }: KilledCluster, { name, kind }: Scaled, spec: object): Promise<void> {
  if (kind === 'Deployment') await client.patch(deployments, 'default', name, 'strategic', { spec })
  else await client.patch(statefulSets, 'default', name, 'strategic', { spec })
}

async function rollOut(at: KilledCluster, { app, number }: Round): Promise<string> {
  const env = [{ name: 'VERSION', value: `${number + 2}` }]
  await change(at, app, { template: { spec: { containers: [{ name: 'main', env }] } } })
  return `${app.name} rolled out`
}

async function scale(at: KilledCluster, { app, size }: Round): Promise<string> {
  at.observer.promise(app.name, promisesOf(app, size))
  await change(at, app, { replicas: size })
  return `${app.name} scaled to ${size}`
}

async function evict({ client, evicts }: KilledCluster, { app, victim }: Round): Promise<string> {
  const { items } = await client.list(pods, { namespace: 'default', labelSelector: `app=${app.name}` })
  const name = items[victim % Math.max(1, items.length)]?.metadata.name
  if (name === undefined) return 'nobody to evict'
  evicts(name)
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
  try {
    await client.createSubresource(pods, 'default', name, 'eviction', eviction)
    return `${name} evicted`
  } catch (error) {
    const code = (error as { status?: { code?: number } }).status?.code
    if (isNotFound(error) || code === 429 || code === 409) return `${name} not evicted (${code})`
    throw error
  }
}

/** Each of its Pods says in a file that it ran. */
async function startJob({ client, notes, observer }: KilledCluster, { number }: Round): Promise<string> {
  const name = `work-${number}`
  const script = `echo "$POD" >> /notes/${name}; sleep 0.3`
  const made = template(notes, name, script, {
    restartPolicy: 'Never',
    volumes: [{ name: 'notes', hostPath: { path: notes } }],
  })
  const [container] = made.spec?.containers ?? []
  Object.assign(container ?? {}, { volumeMounts: [{ name: 'notes', mountPath: '/notes' }] })
  observer.promise(name, { least: 0, budget: 0, most: 1 })
  await client.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: { completions, parallelism: 1, backoffLimit: 0, template: made },
  })
  return `${name} begun`
}

/** One of those that are to be started again; a Job counts its failures. */
function killProcess(at: KilledCluster, { victim }: Round): void {
  const running = [...at.processes()].filter(([pod]) => !pod.startsWith('work-')).sort(([a], [b]) => (a < b ? -1 : 1))
  const [, pid] = running[victim % Math.max(1, running.length)] ?? []
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}

/** Writes all the time; `stop` answers with the names of what was answered for. */
function writing(at: KilledCluster): { stop(): Promise<readonly string[]> } {
  const answered: string[] = []
  let over = false
  const work = async (writer: number): Promise<void> => {
    for (let count = 0; !over; count += 1) {
      const name = `note-${writer}-${count}`
      const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } }
      await at.client.create(configMaps, made).then(
        () => answered.push(name),
        // Nobody is there to answer, or was when it came to that.
        () => at.pass(20),
      )
      await at.pass(20)
    }
  }
  const both = Promise.all([work(1), work(2)])
  return {
    async stop() {
      over = true
      await both
      return answered
    },
  }
}

function promisesHeld({ observer }: KilledCluster, when: string): void {
  if (observer.broken.length > 0) throw new Error(`${when}: ${observer.broken[0]}`)
}

async function settled(at: KilledCluster, when: string): Promise<void> {
  let wrong: string[] = []
  for (const end = performance.now() + 90_000; performance.now() < end; await at.pass(200)) {
    wrong = await unwell(at)
    promisesHeld(at, when)
    if (wrong.length === 0) return
  }
  throw new Error(`not well ${when}: ${wrong.join('; ')}`)
}

/** Every Pod has its owner, and every process its Pod. */
async function nobodyIsLeft(at: KilledCluster): Promise<void> {
  const running = (await ownedPods(at)).filter(({ status }) => status?.phase === 'Running').map(({ metadata }) => metadata.name)
  assert.equal([...at.processes().keys()].sort(), [...running].sort())
}

async function jobsRanOnce({ client, observer, notes }: KilledCluster): Promise<void> {
  for (const { metadata, status } of (await client.list(jobs)).items) {
    const { made = 0, lost = 0 } = observer.jobs.get(metadata.name) ?? {}
    assert.equal([status?.succeeded, made, lost], [completions, completions, 0], metadata.name)
    const ran = (await readFile(path.join(notes, metadata.name), 'utf8')).trim().split('\n')
    assert.equal([ran.length, new Set(ran).size], [completions, completions], `${metadata.name} ran as ${ran}`)
  }
}
