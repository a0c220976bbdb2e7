import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import type { Connection } from '../kube/connection.js'
import { exampleFile } from './examples.js'
import { create, isRunning, podsPath, type Tree, until } from './objects.js'

const deployments = '/apis/apps/v1/namespaces/default/deployments'

function deployment(replicas: number, image: string, annotations: Tree = {}): Tree {
  const labels = { app: 'web' }
  const container = { name: 'web', image, imagePullPolicy: 'IfNotPresent' }
  const spec = { terminationGracePeriodSeconds: 0, containers: [container] }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', annotations },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
}

async function podsOf(connection: Connection): Promise<Tree[]> {
  const { items } = await connection.json<{ items: Tree[] }>('GET', podsPath)
  return items.filter((pod) => !pod.metadata.deletionTimestamp)
}

function running(connection: Connection, count: number): Promise<Tree[]> {
  return until(`${count} Pods run`, async () => {
    const pods = await podsOf(connection)
    return pods.length === count && pods.every(isRunning) && pods
  })
}

function change(connection: Connection, body: Tree): Promise<Tree> {
  return connection.json('PATCH', `${deployments}/web`, { body, contentType: 'application/strategic-merge-patch+json' })
}

test('victim-oldest: the Pods that were there first go first', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('victim-oldest'), nodes: ['one'] })
  await create(connection, deployments, deployment(2, 'web:1'))
  const old = new Set((await running(connection, 2)).map((pod) => pod.metadata.name))
  // Ages are counted in whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await change(connection, { spec: { replicas: 4 } })
  await running(connection, 4)
  await change(connection, { spec: { replicas: 2 } })
  const left = await running(connection, 2)
  assert.equal(
    left.filter((pod) => old.has(pod.metadata.name)),
    [],
  )
})

test('rollout-canary: one new Pod first, the others when it has proved itself', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('rollout-canary'),
    nodes: ['one'],
    plugins: [{ id: './index.ts', config: { proofSeconds: 2 } }],
  })
  const imagesOf = async () => (await podsOf(connection)).map((pod) => pod.spec.containers[0].image).sort()
  await create(connection, deployments, deployment(3, 'web:1', { 'rollout.davit.dev/strategy': 'Canary' }))
  await running(connection, 3)
  await change(connection, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } })
  await running(connection, 4)
  assert.equal(await imagesOf(), ['web:1', 'web:1', 'web:1', 'web:2'])
  await until('only new Pods', async () => (await imagesOf()).join() === 'web:2,web:2,web:2')
})

test('rollout-canary: a first Pod that never becomes ready holds the roll-out, and the old ones serve on', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('rollout-canary'),
    nodes: ['one'],
    plugins: [{ id: './index.ts', config: { proofSeconds: 0 } }],
  })
  await create(connection, deployments, deployment(2, 'web:1', { 'rollout.davit.dev/strategy': 'Canary' }))
  await running(connection, 2)
  const broken = [{ name: 'web', image: 'broken.invalid/web:2' }]
  await change(connection, { spec: { template: { spec: { containers: broken } } } })
  const stuck = (pod: Tree) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason?.match(/ErrImagePull|ImagePullBackOff/)
  await until('the new Pod is stuck', async () => (await podsOf(connection)).some(stuck))
  assert.is((await podsOf(connection)).filter((pod) => isRunning(pod) && !stuck(pod)).length, 2)
  await change(connection, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } } } })
  await running(connection, 2)
})

test('job-back-off-steady: a Job that fails is tried again soon, and soon again', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('job-back-off-steady'),
    nodes: ['one'],
    plugins: [{ id: './index.ts', config: { waitMs: 20 } }],
  })
  const annotations = { 'hollow.davit.dev/run-ms': '5', 'hollow.davit.dev/exit-code': '1' }
  const container = { name: 'main', image: 'work:1', imagePullPolicy: 'IfNotPresent' }
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', containers: [container] } }
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: { backoffLimit: 3, template } }
  await create(connection, '/apis/batch/v1/namespaces/default/jobs', job)
  // Without the plugin the fourth Pod comes after 70 s.
  await until('four Pods have failed', async () => {
    const { status } = await connection.json<Tree>('GET', '/apis/batch/v1/namespaces/default/jobs/work')
    return status.failed === 4 && status.conditions?.some(({ type }: Tree) => type === 'Failed')
  })
})

test('replica-formula-headroom: an autoscaler keeps as many Pods to spare as it is told', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('replica-formula-headroom'),
    nodes: ['one'],
    plugins: [
      { id: './index.ts', config: { spare: 2 } },
      { id: 'controller-autoscaler', config: { syncPeriodSeconds: 1, cpuInitializationSeconds: 0 } },
      { id: 'api-metrics', config: { resolutionSeconds: 1, firstWindowMilliseconds: 100 } },
    ],
  })
  const web = deployment(1, 'web:1')
  const { template } = web.spec
  template.metadata.annotations = { 'hollow.davit.dev/cpu-millis': '10' }
  template.spec.containers[0].resources = { requests: { cpu: '100m' } }
  await create(connection, deployments, web)
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const metadata = { name: 'web', annotations: { 'autoscaling.davit.dev/formula': 'Headroom' } }
  await create(connection, '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: { scaleTargetRef, maxReplicas: 9 },
  })
  // Kubernetes' formula has one Pod do what takes a tenth of its request.
  await running(connection, 3)
})
