// @serial client
// @timeout 320
/**
 * Every kind of workload on real processes: one cluster of two nodes for all, and a namespace for each scenario, side by
 * side. The same with a virtual clock and simulated nodes stands beside each controller.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { Cluster } from './cluster.js'
import { Kubectl } from './kubectl.js'
import { until } from './objects.js'
import { heldAndBroken, quotaReached, recreated, rolledOut } from './workloads/deployments.js'
import { drain, taint } from './workloads/disruptions.js'
import { cronJobs, jobs } from './workloads/jobs.js'
import { garbage, namespaceGoes, replicationController } from './workloads/owners.js'
import { type Scenario, Scene, type Stage } from './workloads/scene.js'
import { daemonSetLife, statefulSetLife, volumesByHand } from './workloads/sets.js'

const sideBySide: Readonly<Record<string, Scenario>> = {
  'rolled-out': rolledOut,
  'held-and-broken': heldAndBroken,
  recreated,
  'quota-reached': quotaReached,
  'statefulset-life': statefulSetLife,
  'daemonset-life': daemonSetLife,
  'volumes-by-hand': volumesByHand,
  'replication-controller': replicationController,
  garbage,
  'namespace-goes': namespaceGoes,
  jobs,
  'cron-jobs': cronJobs,
}
const ofWholeNodes: Readonly<Record<string, Scenario>> = { drain, taint }

test(
  'workloads of real processes: made, changed, healed and taken away',
  async (t) => {
    const root = await t.directory()
    const nodes = { one: path.join(root, 'one'), two: path.join(root, 'two') }
    const node = (name: 'one' | 'two', podCidr: string) => ({ name, runtime: 'cri-process', podCidr, directory: nodes[name] })
    const agent = {
      clusterCidr: '10.244.96.0/23',
      nodes: [node('one', '10.244.96.0/24'), node('two', '10.244.97.0/24')],
    }
    const config = path.join(root, 'cluster.yaml')
    const plugins = [{ id: 'node-agent', config: agent }]
    await writeFile(config, JSON.stringify({ apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', plugins }))
    const cluster = await Cluster.start('--runtime', 'process', '--proxy', 'none', '--config', config)
    t.defer(() => cluster.stop())
    const { connection } = cluster
    const kubectl = new Kubectl('kubectl', ['--kubeconfig', cluster.kubeconfig], root)
    const stage: Stage = { connection, kubectl, nodes }
    const classes = '/apis/storage.k8s.io/v1/storageclasses'
    await until('the default class', async () => (await connection.json<{ items: unknown[] }>('GET', classes)).items.length === 1)
    const played = await Promise.allSettled(Object.entries(sideBySide).map(([name, scenario]) => play(stage, name, scenario)))
    const wrong = played.flatMap((outcome) => (outcome.status === 'rejected' ? [`${outcome.reason.stack}`] : []))
    assert.equal(wrong, [])
    for (const [name, scenario] of Object.entries(ofWholeNodes)) await play(stage, name, scenario)
  },
  { requires: ['root', 'netns', 'kubectl'], timeoutMs: 300_000 },
)

async function play(stage: Stage, name: string, scenario: Scenario): Promise<void> {
  const begun = performance.now()
  await scenario(await Scene.open(stage, name))
  if (process.env.DAVIT_SCENES) console.log(`${name}: ${Math.round(performance.now() - begun)} ms`)
}
