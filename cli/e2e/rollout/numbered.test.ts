/** StatefulSets and DaemonSets with the real scheduler and agents of hollow nodes, on a clock that the test moves. */
import { ApiHooksToken } from '@davit/core/api'
import { controllerRevisions, daemonSets, nodes, pods, statefulSets } from '@davit/core/client'
import { isPodReady } from '@davit/core/controller'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import type { DaemonSetSpec, ObjectMeta, PodTemplateSpec, StatefulSetSpec } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import { builtins } from '../../builtins.js'

const labels = { app: 'db' }
const options = { timeoutMs: 60_000 }

/** Scheduler and nodes are not what is tested here: they may do anything. */
const allowOthers = definePlugin({
  id: 'test-allow-others',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    const others = ['system:kube-scheduler', 'system:davit:node-sources']
    context.tap(hooks.authorize, ({ user }) =>
      user.groups.includes('system:nodes') || others.includes(user.name) ? { allowed: true, reason: '' } : undefined,
    )
    return {}
  },
})

async function builtin(id: string, config: object = {}): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load(), config }
}

async function cluster(t: TestContext, names: readonly string[]): Promise<ControlPlane> {
  const dataDirectory = await t.directory()
  const agents = names.map((name, index) => ({ name, runtime: 'cri-hollow', podCidr: `10.244.${index}.0/24` }))
  const at = await controlPlane(t, [
    { plugin: allowOthers },
    await builtin('controller-statefulset'),
    await builtin('controller-daemonset'),
    await builtin('scheduler-host'),
    await builtin('scheduler-binpack'),
    await builtin('cri-hollow'),
    await builtin('node-volumes'),
    await builtin('node-agent', { nodes: agents, dataDirectory }),
  ])
  await until(at, 'the nodes are there', async () => (await at.client.list(nodes)).items.length === names.length)
  return at
}

/** Moves the clock on until it is so; ten minutes are enough for everything here. */
async function until(at: ControlPlane, what: string, check: () => Promise<boolean>): Promise<void> {
  for (let second = 0; second < 600; second += 1) {
    if (await check()) return
    await at.pass(1000)
  }
  throw new Error(`not in ten minutes: ${what}`)
}

function template(image: string): PodTemplateSpec {
  const containers = [{ name: 'main', image }]
  return { metadata: { labels } as unknown as ObjectMeta, spec: { containers, terminationGracePeriodSeconds: 1 } }
}
const metadata = { name: 'db', namespace: 'default' }
const podsOf = async ({ client }: ControlPlane) =>
  [...(await client.list(pods, { namespace: 'default' })).items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
const serving = async (at: ControlPlane, image: string, count: number) => {
  const all = await podsOf(at)
  return all.length === count && all.every((pod) => pod.spec.containers[0]?.image === image && isPodReady(pod))
}

test(
  'a StatefulSet comes up in order, rolls out, goes back, and heals',
  async (t) => {
    const at = await cluster(t, ['one', 'two'])
    const spec: StatefulSetSpec = {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: template('db:1'),
    }
    await at.client.create(statefulSets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec })
    await until(at, 'three Pods serve', () => serving(at, 'db:1', 3))
    const change = (image: string) =>
      at.client.patch(statefulSets, 'default', 'db', 'merge', { spec: { template: template(image) } })
    await change('db:2')
    await until(at, 'they are new', () => serving(at, 'db:2', 3))
    await change('db:1')
    await until(at, 'they are as before', () => serving(at, 'db:1', 3))
    const { items } = await at.client.list(controllerRevisions, { namespace: 'default' })
    assert.equal(items.map(({ revision }) => revision).sort(), [2, 3])
    const before = (await podsOf(at))[1]
    await at.client.delete(pods, 'default', 'db-1')
    await until(
      at,
      'db-1 is back',
      async () => (await podsOf(at))[1]?.metadata.uid !== before?.metadata.uid && serving(at, 'db:1', 3),
    )
    const { status } = await at.client.get(statefulSets, 'default', 'db')
    assert.equal([status?.readyReplicas, status?.updatedReplicas], [3, 3])
    assert.is(status?.currentRevision, status?.updateRevision)
  },
  options,
)

test(
  'the scheduler binds the Pods of a DaemonSet to the nodes that they are for',
  async (t) => {
    const names = ['one', 'two', 'three']
    const at = await cluster(t, names)
    const spec: DaemonSetSpec = { selector: { matchLabels: labels }, template: template('db:1') }
    await at.client.create(daemonSets, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec })
    await until(at, 'a Pod serves on each node', () => serving(at, 'db:1', 3))
    assert.equal(new Set((await podsOf(at)).map((pod) => pod.spec.nodeName)), new Set(names))
    await at.client.patch(daemonSets, 'default', 'db', 'merge', { spec: { template: template('db:2') } })
    await until(at, 'they are new', () => serving(at, 'db:2', 3))
    await at.client.patch(nodes, '', 'two', 'strategic', { spec: { taints: [{ key: 'broken', effect: 'NoExecute' }] } })
    await until(at, 'the tainted node has none', () => serving(at, 'db:2', 2))
    const { status } = await at.client.get(daemonSets, 'default', 'db')
    assert.equal([status?.desiredNumberScheduled, status?.numberAvailable, status?.numberMisscheduled], [2, 2, 0])
  },
  options,
)
