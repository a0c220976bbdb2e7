import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { exampleFile } from './examples.js'
import { create, isBound, isRunning, podObject, podOnce, podsPath, type Tree, until } from './objects.js'

const capacity = { cpu: '1', memory: '1Gi' }
const asking = (cpu: string, memory = '1Mi') => ({
  containers: [{ name: 'main', image: 'davit.local/none:1', resources: { requests: { cpu, memory } } }],
})
const nodeOf = (pod: Tree): string => pod.spec.nodeName
const scheduled = (pod: Tree): Tree => pod.status?.conditions?.find((condition: Tree) => condition.type === 'PodScheduled')

async function spread(connection: Parameters<typeof create>[0]): Promise<number> {
  const nodes = new Set<string>()
  for (const name of ['a', 'b', 'c']) {
    await create(connection, podsPath, podObject(name, asking('100m', '100Mi')))
    nodes.add(nodeOf(await podOnce(connection, name, isRunning)))
  }
  return nodes.size
}

test('score-spread: Pods that are packed without it are spread with it', async (t) => {
  const nodes = ['one', 'two', 'three']
  const file = exampleFile('score-spread')
  const without = await startCluster(t, { file, nodes, capacity, plugins: [{ id: './index.ts', enabled: false }] })
  assert.is(await spread(without.connection), 1)
  const { connection } = await startCluster(t, { file, nodes, capacity })
  assert.is(await spread(connection), 3)
})

test('filter-zone: a Pod goes to the zone that it names, and waits for one that is not there', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('filter-zone') })
  const only = (zone: string) => ({ annotations: { 'zone.example.davit.dev/only': zone } })
  for (const name of ['a', 'b', 'c']) {
    await create(connection, podsPath, podObject(name, {}, only('west')))
    assert.match(nodeOf(await podOnce(connection, name, isBound)), /^west-/)
  }
  await create(connection, podsPath, podObject('lost', {}, only('north')))
  const lost = await podOnce(connection, 'lost', (pod) => scheduled(pod)?.status === 'False')
  assert.match(scheduled(lost).message, /0\/4 nodes are available: 4 node\(s\) were in another zone/)
})

test('queue-smallest-first: of the Pods that wait, the one that asks for least comes first', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('queue-smallest-first'),
    nodes: ['one'],
    capacity,
    // Without a wait after a cycle in vain all of them are in the queue when there is room again.
    plugins: [{ id: 'scheduler-host', config: { initialBackOffMs: 1, maximumBackOffMs: 1 } }],
  })
  // It takes all of the node, so that the others gather in the queue.
  await create(connection, podsPath, podObject('first', asking('1')))
  await podOnce(connection, 'first', isBound)
  for (const [name, cpu] of [
    ['large', '900m'],
    ['middle', '600m'],
    ['small', '300m'],
  ] as const) {
    await create(connection, podsPath, podObject(name, asking(cpu)))
    await podOnce(connection, name, (pod) => scheduled(pod)?.status === 'False')
  }
  await connection.json('DELETE', `${podsPath}/first`)
  await podOnce(connection, 'small', isBound)
  const middle = await podOnce(connection, 'middle', isBound)
  assert.is(nodeOf(middle), 'one')
  assert.is(nodeOf(await connection.json<Tree>('GET', `${podsPath}/large`)), undefined)
})

test('permit-gang: nobody starts until the whole gang has a node', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('permit-gang'), nodes: ['one', 'two'] })
  const member = {
    labels: { 'gang.example.davit.dev/name': 'crew' },
    annotations: { 'gang.example.davit.dev/size': '3' },
  }
  await create(connection, podsPath, podObject('a', {}, member))
  await create(connection, podsPath, podObject('b', {}, member))
  // It came later and belongs to nobody: once it runs, the gang had its chance.
  await create(connection, podsPath, podObject('loner'))
  await podOnce(connection, 'loner', isRunning)
  for (const name of ['a', 'b']) assert.not.ok(isBound(await connection.json<Tree>('GET', `${podsPath}/${name}`)))
  await create(connection, podsPath, podObject('c', {}, member))
  for (const name of ['a', 'b', 'c']) await podOnce(connection, name, isRunning)
})

test('permit-gang: a member that is replaced joins those that run', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('permit-gang'), nodes: ['one'] })
  const member = { labels: { 'gang.example.davit.dev/name': 'pair' }, annotations: { 'gang.example.davit.dev/size': '2' } }
  for (const name of ['a', 'b']) await create(connection, podsPath, podObject(name, {}, member))
  for (const name of ['a', 'b']) await podOnce(connection, name, isRunning)
  await connection.json('DELETE', `${podsPath}/a`)
  await create(connection, podsPath, podObject('c', {}, member))
  await podOnce(connection, 'c', isRunning)
})

test('reserve-start-limit: no more than so many Pods are on their way on a node, and all arrive', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('reserve-start-limit'),
    nodes: ['one'],
    plugins: [
      { id: './index.ts', config: { atOnce: 2 } },
      { id: 'cri-hollow', config: { startMs: 150, jitter: 0 } },
      { id: 'scheduler-host', config: { initialBackOffMs: 50, maximumBackOffMs: 50 } },
    ],
  })
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await create(connection, podsPath, podObject(name))
  let most = 0
  await until('all Pods run', async () => {
    const { items } = await connection.json<{ items: Tree[] }>('GET', podsPath)
    most = Math.max(most, items.filter((pod) => isBound(pod) && !isRunning(pod)).length)
    return items.every(isRunning)
  })
  assert.is(most, 2)
})
