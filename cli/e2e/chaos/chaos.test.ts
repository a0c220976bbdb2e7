// @timeout 900
/**
 * Random kills of containers, agents and the whole server in the middle of roll-outs, scale-downs, evictions and Jobs. What
 * was promised holds all the time, and at the end all is as it was asked for. `DAVIT_CHAOS_KILLS` says how many (500 take a
 * few minutes), `DAVIT_CHAOS_SEED` repeats a run.
 */
import { daemonSets, deployments, isNotFound, jobs, pods, statefulSets } from '@davit/core/client'
import type { Random } from '@davit/core/kernel'
import { assert, createTestServices, type TestContext, test } from '@davit/core/testing'
import { type ChaosCluster, chaosCluster, pick } from './cluster.js'
import { seed, seeded } from './seeded.js'
import { completions, createAll, createJob, ownedPods, promisesOf, scaled, template, unwell } from './workloads.js'

const kills = Number(process.env.DAVIT_CHAOS_KILLS ?? 40)
const replicas = 4

test(`${kills} kills: promises hold all the time, and in the end all is well`, (t) => seeded(kills, () => storm(t)), {
  timeoutMs: kills > 100 ? 880_000 : 60_000,
})

async function storm(t: TestContext): Promise<void> {
  const { random } = createTestServices(`storm ${seed}`)
  const at = await chaosCluster(t, seed, ['one', 'two', 'three', 'four'])
  await createAll(at, replicas)
  await settled(at, 'at first')
  const done: Record<string, number> = {}
  for (let kill = 0; kill < kills; kill += 1) {
    const what = await trouble(at, random, kill)
    for (const each of what) done[each] = (done[each] ?? 0) + 1
    await at.pass(random.integer(4) === 0 ? 1 + random.integer(20_000) : 1 + random.integer(1500))
    at.observer.note(`${what}`)
    promisesHeld(at, `after kill ${kill} (${what})`)
  }
  await at.mend()
  await settled(at, 'at the end')
  await nobodyIsLeft(at)
  await jobsRanOftenEnough(at)
  if (process.env.DAVIT_CHAOS_KILLS) console.log(JSON.stringify({ seed, ...done, writes: at.observer.commits }))
}

function promisesHeld({ observer }: ChaosCluster, when: string): void {
  if (observer.broken.length > 0) throw new Error(`${when}: ${observer.broken[0]}`)
}

/** Something that a user does, and then a kill, anywhere in what follows. */
async function trouble(at: ChaosCluster, random: Random, number: number): Promise<string[]> {
  const deed = pick(random, [rollOut, rollOut, scale, evict, evict, startJob])
  const said = deed ? await deed(at, random, number) : 'nothing'
  await at.pass(1 + random.integer(800))
  const dice = random.integer(100)
  if (dice < 75) return [said, await killContainer(at, random)]
  if (dice < 90) {
    await at.killAgent(pick(random, at.nodes) ?? '', random.integer(3) === 0 ? 1 + random.integer(90_000) : 0)
    return [said, 'agent killed']
  }
  await at.killServer()
  return [said, 'server killed']
}

async function killContainer(at: ChaosCluster, random: Random): Promise<string> {
  const node = pick(random, at.nodes) ?? ''
  const container = pick(
    random,
    [...(await at.containersOf(node))].sort((a, b) => (a.id < b.id ? -1 : 1)),
  )
  if (!container) return 'no container to kill'
  await at.killContainer(node, container.id)
  return 'container killed'
}

async function rollOut({ client }: ChaosCluster, random: Random, number: number): Promise<string> {
  const chosen = random.integer(scaled.length + 1)
  const { name, kind } = scaled[chosen] ?? { name: 'agent', kind: 'DaemonSet' }
  const patch = { spec: { template: template(name, number + 2) } }
  if (kind === 'Deployment') await client.patch(deployments, 'default', name, 'merge', patch)
  else if (kind === 'StatefulSet') await client.patch(statefulSets, 'default', name, 'merge', patch)
  else await client.patch(daemonSets, 'default', name, 'merge', patch)
  return 'rolled out'
}

async function scale({ client, observer }: ChaosCluster, random: Random): Promise<string> {
  const one = pick(random, scaled)
  if (!one) return 'nothing to scale'
  const size = 2 + random.integer(5)
  observer.promise(one.name, promisesOf(one, size))
  const patch = { spec: { replicas: size } }
  if (one.kind === 'Deployment') await client.patch(deployments, 'default', one.name, 'merge', patch)
  else await client.patch(statefulSets, 'default', one.name, 'merge', patch)
  return 'scaled'
}

async function evict({ client }: ChaosCluster, random: Random): Promise<string> {
  const { items } = await client.list(pods, { namespace: 'default' })
  const candidates = items.filter(({ metadata }) => scaled.some(({ name }) => name === metadata.labels?.app))
  const victim = pick(random, candidates)?.metadata.name
  if (victim === undefined) return 'nobody to evict'
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: victim, namespace: 'default' } }
  try {
    await client.createSubresource(pods, 'default', victim, 'eviction', eviction)
    return 'evicted'
  } catch (error) {
    const code = (error as { status?: { code?: number } }).status?.code
    if (isNotFound(error)) return 'evicted too late'
    if (code === 429 || code === 409) return 'eviction refused'
    throw error
  }
}

async function startJob(at: ChaosCluster, random: Random, number: number): Promise<string> {
  await createJob(at, `work-${number}`, 500 + random.integer(8000))
  return 'job begun'
}

/** Waits, as long as back-offs of all kinds take. */
async function settled(at: ChaosCluster, when: string): Promise<void> {
  let wrong: string[] = []
  for (let passed = 0; passed < 3 * 3_600_000; passed += 5000) {
    await at.pass(5000)
    wrong = await unwell(at)
    if (wrong.length === 0) return at.quiet()
    promisesHeld(at, when)
  }
  throw new Error(`not well ${when}: ${wrong.join('; ')}`)
}

/** Every Pod has its owner, every ReplicaSet too, and no node has anything of a Pod that is gone. */
async function nobodyIsLeft(at: ChaosCluster): Promise<void> {
  const all = await ownedPods(at)
  const living = new Map(all.map((pod) => [pod.metadata.uid, pod]))
  for (const node of at.nodes) {
    for (const { uid } of await at.sandboxesOf(node)) {
      assert.is(living.get(uid)?.spec.nodeName, node, `node ${node} has a sandbox of a Pod that is not there`)
    }
  }
}

/** Each completion once; a Pod more only for one that failed or was taken away. */
async function jobsRanOftenEnough({ client, observer }: ChaosCluster): Promise<void> {
  for (const { metadata, status } of (await client.list(jobs)).items) {
    const { made = 0, lost = 0, succeeded = 0 } = observer.jobs.get(metadata.name) ?? {}
    assert.equal([status?.succeeded, succeeded], [completions, completions], `${metadata.name} ran ${made} Pods`)
    assert.is(made, completions + lost, `${metadata.name}: made Pods`)
  }
}
