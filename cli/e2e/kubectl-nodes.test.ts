// @serial machine
// @timeout 300
import { assert, test } from '@davit/core/testing'
import { eventually, isReady, type Tree } from './cluster.js'
import { deployment, docker, dockerIdOf, mainOf, onDocker, startKube, warnings } from './kubectl.js'

const spec = {
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'while :; do sleep 0.1; done'] }],
  tolerations: ['not-ready', 'unreachable'].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 5,
  })),
}

test(
  'the Pods of a node that is silent move; when it is back, what is left of them ends',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    // All Pods go to the second node, which the next life does not have.
    await cluster.interrupt()
    await cluster.up('--nodes', '2')
    const items: Tree[] = (await kubectl.json('nodes')).items
    const [first = '', name = ''] = items.map((node): string => node.metadata.name).sort()
    assert.is(name, `${first}-2`)
    await eventually(
      'both are ready',
      async () => isReady(await kubectl.json('node', first)) && isReady(await kubectl.json('node', name)),
    )
    await kubectl.said('cordon', first)
    await kubectl.apply(deployment('web', 2, spec))
    await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
    const before = await podsOf()
    await kubectl.said('uncordon', first)
    await cluster.interrupt()
    await cluster.up()
    const begun = Date.now()
    await eventually('it counts as silent', async () => !isReady(await kubectl.json('node', name)), 60_000)
    assert.match(await kubectl.said('get', 'node', name), 'NotReady')
    assert.match(await kubectl.said('describe', 'node', name), 'node.kubernetes.io/unreachable:NoExecute')
    const moved = await eventually(
      'two Pods on other nodes',
      async () => {
        const living = (await podsOf()).filter((pod) => !pod.metadata.deletionTimestamp && isReady(pod))
        return living.length === 2 && living.every((pod) => pod.spec.nodeName !== name)
      },
      60_000,
    )
    assert.ok(moved)
    const seconds = (Date.now() - begun) / 1000
    assert.ok(seconds > 20 && seconds < 75, `${seconds} s`)
    assert.match(await kubectl.said('get', 'pods', '-o', 'wide'), new RegExp(`Terminating.* ${name} `))
    const containers = before.map((pod) => dockerIdOf(mainOf(pod)))
    for (const id of containers) assert.is(await docker('inspect', '--format', '{{.State.Running}}', id), 'true')
    assert.equal(warnings(cluster), [])

    await cluster.interrupt()
    await cluster.up('--nodes', '2')
    await eventually('it is back', async () => isReady(await kubectl.json('node', name)))
    await eventually('the old Pods are gone', async () => (await podsOf()).length === 2)
    const running = await docker('ps', '-q', '--no-trunc')
    for (const id of containers) assert.not.match(running, id)
    await eventually('its taints are gone', async () => /Taints:\s+<none>/.test(await kubectl.said('describe', 'node', name)))
    assert.equal(warnings(cluster), [])

    async function podsOf(): Promise<Tree[]> {
      return (await kubectl.json('pods', '-l', 'app=web')).items
    }
  },
  { ...onDocker, timeoutMs: 240_000 },
)

test(
  'cordon, drain and taints move Pods away; a deleted node comes back by itself',
  async (t) => {
    const { cluster, kubectl } = await startKube(t, '--nodes', '2')
    const [first, second] = (await kubectl.json('nodes')).items.map((node: Tree) => node.metadata.name)
    await kubectl.apply(deployment('web', 2, spec))
    await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
    const on = async () => {
      const { items } = await kubectl.json('pods', '-l', 'app=web')
      const nodes = items.filter((pod: Tree) => isReady(pod) && !pod.metadata.deletionTimestamp)
      return nodes.length === 2 && items.length === 2 && new Set<string>(nodes.map((pod: Tree) => pod.spec.nodeName))
    }
    await kubectl.said('drain', first, '--ignore-daemonsets', '--timeout=60s')
    await eventually('all on the second', async () => {
      const nodes = await on()
      return nodes && nodes.size === 1 && nodes.has(second)
    })
    assert.match(await kubectl.said('get', 'node', first), 'Ready,SchedulingDisabled')
    await kubectl.said('uncordon', first)
    await kubectl.said('taint', 'node', second, 'out=of-service:NoExecute')
    await eventually('all on the first', async () => {
      const nodes = await on()
      return nodes && nodes.size === 1 && nodes.has(first)
    })
    await kubectl.said('taint', 'node', second, 'out-')
    await kubectl.said('delete', 'node', second)
    await eventually('it is registered again', async () => (await kubectl.json('nodes')).items.filter(isReady).length === 2)
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)
