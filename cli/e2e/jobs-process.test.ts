import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { create, podsPath, type Tree, until } from './objects.js'

const jobsPath = '/apis/batch/v1/namespaces/default/jobs'
const cronJobsPath = '/apis/batch/v1/namespaces/default/cronjobs'

test(
  'Jobs of real processes: indexed, failing, and by hand from a CronJob',
  async (t) => {
    const node = { name: 'one', runtime: 'cri-process', podCidr: '10.244.96.0/24' }
    const { connection } = await startCluster(t, {
      flags: { proxy: 'none' },
      plugins: [{ id: 'node-agent', config: { nodes: [node], clusterCidr: '10.244.96.0/24' } }],
    })
    const spec = (script: string, more: Tree = {}): Tree => {
      const containers = [{ name: 'main', image: 'none:1', command: ['/bin/sh', '-c', script] }]
      return { template: { spec: { restartPolicy: 'Never', containers } }, ...more }
    }
    const job = (name: string, fields: Tree, metadata: Tree = {}): Tree => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, ...metadata },
      spec: fields,
    })
    const ended = (name: string) =>
      until(`Job ${name} is over`, async () => {
        const { status } = await connection.json<Tree>('GET', `${jobsPath}/${name}`)
        const over = (status.conditions ?? []).some(({ type }: Tree) => type === 'Complete' || type === 'Failed')
        return over && status
      })

    const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 }
    await create(connection, jobsPath, job('index', spec('echo "$JOB_COMPLETION_INDEX $HOSTNAME"', indexed)))
    await create(connection, jobsPath, job('fail', spec('exit 3', { backoffLimit: 0 })))
    const done = await ended('index')
    assert.equal([done.succeeded, done.completedIndexes], [3, '0-2'])
    const { items } = await connection.json<Tree>('GET', `${podsPath}?labelSelector=job-name=index`)
    const logs = await Promise.all(
      items.map(async ({ metadata }: Tree) => (await connection.raw('GET', `${podsPath}/${metadata.name}/log`)).body.toString()),
    )
    assert.equal(logs.sort(), ['0 index-0\n', '1 index-1\n', '2 index-2\n'])
    const failed = await ended('fail')
    assert.equal([failed.failed, failed.conditions[1].reason], [1, 'BackoffLimitExceeded'])

    // What `kubectl create job --from=cronjob/nightly` sends.
    const cronJob = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' } }
    const nightly = { ...cronJob, spec: { schedule: '0 3 * * *', suspend: true, jobTemplate: { spec: spec('exit 0') } } }
    const { metadata, spec: made } = await create(connection, cronJobsPath, nightly)
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: metadata.uid, controller: true }
    const manual = { annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' }, ownerReferences: [owner] }
    await create(connection, jobsPath, job('manual', made.jobTemplate.spec, manual))
    assert.is((await ended('manual')).succeeded, 1)
  },
  { requires: ['root', 'netns'] },
)
