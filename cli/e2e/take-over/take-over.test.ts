/**
 * Two servers over one store, on a clock that the test moves: whoever leads is killed, stopped or made to stand still in
 * the middle of its work, at every point of it, and the other goes on without a Pod too many or too few.
 */
import { deployments, jobs } from '@davit/core/client'
import type { Deployment, Job } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { type TwoServers, twoServers } from './testing.js'

const labels = { app: 'web' }
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } })
const deployment = (replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas, selector: { matchLabels: labels }, template: template('web:1') },
})
const job = (completions: number, parallelism: number): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'sum', namespace: 'default' },
  spec: { completions, parallelism, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'sum' }] } } },
})
const lease = 'kube-controller-manager'
const createsPod = ({ verb, kind }: { verb: string; kind: { resource: string } }) => verb === 'create' && kind.resource === 'pods'

async function rolledOut(at: TwoServers, image: string, replicas: number): Promise<boolean> {
  const { metadata, spec, status } = await at.client.get(deployments, 'default', 'web')
  const running = (await at.pods()).filter((pod) => pod.spec.containers[0]?.image === image)
  return (
    spec.template.spec?.containers[0]?.image === image &&
    status?.observedGeneration === metadata.generation &&
    status?.availableReplicas === replicas &&
    status.updatedReplicas === replicas &&
    running.length === replicas &&
    (await at.pods()).length === replicas
  )
}
const setImage = (at: TwoServers, image: string) =>
  at.client.patch(deployments, 'default', 'web', 'strategic', { spec: { template: template(image) } })
/** Of which every one was put on a node. */
const countOf = (at: TwoServers) => {
  assert.not([...at.made.values()].includes(undefined))
  return at.made.size
}

test('servers that start at once: one of them works, and both know which', async (t) => {
  const at = await twoServers(t)
  const first = await at.leader(lease)
  assert.match(first, /_[0-9a-f-]{36}$/)
  await at.client.create(deployments, deployment(5))
  await at.until('five run', () => rolledOut(at, 'web:1', 5))
  await at.pass(60_000)
  assert.is(await at.leader(lease), first)
  assert.is(countOf(at), 5)
  const said = [at.one, at.two].map(({ lines }) => lines.filter(({ message }) => message === 'leads').length)
  assert.equal(said.sort(), [0, 2])
})

test('a leader that stops in good order is followed at the next look of the other', async (t) => {
  const at = await twoServers(t)
  await at.client.create(deployments, deployment(5))
  await at.rest()
  await Promise.all([at.one.stop(), at.pass(1)])
  assert.is(await at.leader(lease), '')
  const took = await at.until('five run', () => rolledOut(at, 'web:1', 5), 100)
  assert.ok(took <= 3_500, `${took} ms`)
  assert.is(countOf(at), 5)
})

for (const count of [1, 2, 4, 7]) {
  test(`a leader that dies at the ${count}. Pod of a roll-out: followed within 15 s, no Pod too many`, async (t) => {
    const at = await twoServers(t)
    const dead = at.pauseAfter(at.one, count, createsPod)
    await at.client.create(deployments, deployment(8))
    await at.rest()
    assert.ok(dead.done)
    const before = await at.leader(lease)
    const took = await at.until('another leads', async () => (await at.leader(lease)) !== before, 100)
    assert.ok(took <= 15_000, `${took} ms`)
    await at.until('eight run', () => rolledOut(at, 'web:1', 8))
    assert.is(countOf(at), 8)
  })
}

for (const [count, forMs] of [
  [1, 20_000],
  [3, 13_000],
  [6, 300_000],
] as const) {
  test(`a leader that stands still for ${forMs} ms at the ${count}. Pod and goes on writes nothing more`, async (t) => {
    const at = await twoServers(t)
    await at.client.create(deployments, deployment(6))
    await at.until('six run', () => rolledOut(at, 'web:1', 6))
    const still = at.pauseAfter(at.one, count, createsPod)
    await setImage(at, 'web:2')
    for (let second = 0; !still.done && second < 60; second += 1) await at.pass(1_000)
    assert.ok(still.done)
    const stoodAt = at.now()
    // In the middle of what the other does by then.
    await at.pass(forMs)
    at.one.resume()
    await at.until('six are new', () => rolledOut(at, 'web:2', 6))
    await at.pass(30_000)
    assert.ok(at.now() - stoodAt > forMs)
    assert.is(countOf(at), 12)
    assert.ok(at.one.lines.some(({ message }) => message === 'leads no more'))
  })
}

test('a Job whose leader dies, and comes back, runs each of its Pods once', async (t) => {
  const at = await twoServers(t)
  const still = at.pauseAfter(at.one, 4, createsPod)
  await at.client.create(jobs, job(10, 3))
  for (let second = 0; !still.done && second < 60; second += 1) await at.pass(1_000)
  assert.ok(still.done)
  await at.pass(14_000)
  at.one.resume()
  const isDone = async () => {
    const { status } = await at.client.get(jobs, 'default', 'sum')
    return status?.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True') ?? false
  }
  await at.until('it is complete', isDone)
  assert.is((await at.client.get(jobs, 'default', 'sum')).status?.succeeded, 10)
  assert.is(countOf(at), 10)
})

test('a server that lost the lead leads again, without a restart, as if for the first time', async (t) => {
  const at = await twoServers(t)
  await at.client.create(deployments, deployment(4))
  await at.until('four run', () => rolledOut(at, 'web:1', 4))
  const first = await at.leader(lease)
  const [leading, other] = [at.one, at.two]
  for (const [round, [pausing, going]] of [
    [leading, other],
    [other, leading],
    [leading, other],
  ].entries()) {
    pausing?.pause()
    await setImage(at, `web:${round + 2}`)
    await at.until('all are new', () => rolledOut(at, `web:${round + 2}`, 4))
    pausing?.resume()
    await at.pass(5_000)
    assert.ok(going?.lines.some(({ message }) => message === 'leads'))
  }
  assert.not.equal(await at.leader(lease), first)
  assert.is(countOf(at), 16)
})
