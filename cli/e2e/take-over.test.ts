// @serial client
/** Two real servers over one real etcd: whoever leads stands still, or is killed, and the other goes on. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually, pods, type Tree } from './cluster.js'

const deployments = '/apis/apps/v1/namespaces/default/deployments'
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
const managers = ['kube-controller-manager', 'kube-scheduler']
/** Shorter than by default, for a test that does not wait for long. */
const timings = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 500 }

const isThere = (url: string) =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  )

async function etcd(defer: (undo: () => unknown) => void): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()]
  const directory = await mkdtemp(path.join(tmpdir(), 'davit-etcd-'))
  const [url, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  const child = spawn(
    'etcd',
    [
      ...['--data-dir', directory, '--log-level', 'error', '--heartbeat-interval=10', '--election-timeout=100'],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`],
    ],
    { stdio: 'ignore' },
  )
  const gone = new Promise((resolve) => child.once('exit', resolve))
  defer(async () => {
    child.kill('SIGKILL')
    await gone
    await rm(directory, { recursive: true, force: true })
  })
  await eventually('etcd is there', () => isThere(url))
  return url
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

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
    const url = await etcd((undo) => t.defer(undo))
    const directory = await t.directory()
    const config = path.join(directory, 'cluster.yaml')
    const hosts = ['controller-host', 'scheduler-host'].map((id) => ({ id, config: timings }))
    const store = { id: 'store-etcd', config: { endpoints: [url] } }
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
