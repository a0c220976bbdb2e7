// @serial client
/** Two real servers over one real etcd: whoever leads stands still, or is killed, and the other goes on. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startEtcd } from '@davit/core/store/testkit'
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually, pods, type Tree } from './cluster.js'

const deployments = '/apis/apps/v1/namespaces/default/deployments'
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
const managers = ['kube-controller-manager', 'kube-scheduler']
/** Shorter than by default, for a test that does not wait for long. */
const timings = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 500 }

const holders = async (at: Cluster): Promise<readonly string[]> => {
  const found = new Map((await at.list(leases)).map(({ metadata, spec }) => [metadata.name, spec.holderIdentity as string]))
  return managers.map((name) => found.get(name) ?? '')
}
const web = (replicas: number) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'web' }] } },
  },
})
const scale = (at: Cluster, replicas: number) => {
  const metadata = { name: 'web', namespace: 'default' }
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } }
  return at.connection.json('PUT', `${deployments}/web/scale`, { body })
}
/** So many that whoever makes them can be stopped in the middle. */
const many = 400
const uids = async (at: Cluster): Promise<readonly string[]> => (await at.list(pods)).map(({ metadata }: Tree) => metadata.uid)

test(
  'of two servers over one etcd one works; stopped and killed ones are followed, and no Pod is made twice',
  async (t) => {
    const etcd = await startEtcd()
    t.defer(() => etcd.stop())
    const directory = await t.directory()
    const config = path.join(directory, 'cluster.yaml')
    const hosts = ['controller-host', 'scheduler-host'].map((id) => ({ id, config: timings }))
    const store = { id: 'store-etcd', config: { endpoints: [etcd.endpoint] } }
    await writeFile(config, JSON.stringify({ apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', store, plugins: hosts }))
    const one = await Cluster.start('--no-node', '--config', config)
    t.defer(() => one.stop())
    await eventually('the first leads', async () => !(await holders(one)).includes(''))
    const two = await Cluster.startBeside(one, '--no-node', '--config', config)
    t.defer(() => two.stop())
    const first = await holders(two)

    await one.connection.json('POST', deployments, { body: web(3) })
    await eventually('three Pods, seen at the other server', async () => (await uids(two)).length === 3)

    await scale(two, many)
    await eventually('some of them', async () => (await uids(two)).length > 5)
    const pid = one.pid
    assert.ok(pid)
    process.kill(pid, 'SIGSTOP')
    // Before it is told to stop, which it does not hear while it stands still.
    t.defer(() => process.kill(pid, 'SIGCONT'))
    const made = (await uids(two)).length
    assert.ok(made < many, `${made} Pods were there when it was stopped: none was left to make`)
    await eventually('the other leads', async () => (await holders(two)).every((holder, index) => holder !== first[index]))
    await eventually('all of them', async () => (await uids(two)).length === many)
    const before = await uids(two)
    process.kill(pid, 'SIGCONT')
    await eventually('it answers again', async () => `${await holders(one)}` === `${await holders(two)}`)
    assert.equal((await uids(two)).slice().sort(), before.slice().sort())

    const second = await holders(one)
    await two.kill()
    await scale(one, many + 5)
    await eventually('the first works again', async () => (await uids(one)).length === many + 5, 15_000)
    assert.ok((await holders(one)).some((holder, index) => holder !== second[index]))
    const surplus = (await one.list('/api/v1/namespaces/default/events')).filter(({ reason }) => reason === 'SuccessfulDelete')
    assert.equal(surplus, [], 'a ReplicaSet had to take Pods back')
  },
  { requires: ['etcd'], timeoutMs: 90_000 },
)
