/** Jobs and CronJobs on real processes. */
import { assert } from '@davit/core/testing'
import type { Tree } from '../objects.js'
import { conditionOf, isReady, type Scene } from './scene.js'

const jobSpec = (scene: Scene, app: string, script: string, more: Tree = {}): Tree => {
  const command = ['/bin/sh', '-c', script]
  return { template: scene.template(app, '1', { command }, { restartPolicy: 'Never' }), ...more }
}
const ended = (scene: Scene, name: string): Promise<Tree> =>
  scene.until(`Job ${name} is over`, async () => {
    const job = await scene.get('jobs', name)
    return (conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed')) && job
  })

/** By index, failing at once, by a rule for exit codes, suspended in the middle, and gone after their time. */
export async function jobs(scene: Scene): Promise<void> {
  const run = (name: string, script: string, more: Tree = {}) =>
    scene.create('jobs', name, { spec: jobSpec(scene, name, script, more) })
  const onExitCodes = { operator: 'In', values: [42] }
  await Promise.all([
    run('index', 'echo "$JOB_COMPLETION_INDEX $HOSTNAME"', { completionMode: 'Indexed', completions: 3, parallelism: 3 }),
    run('fail', 'exit 3', { backoffLimit: 0 }),
    run('rule', 'exit 42', { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes }] } }),
    run('held', 'sleep 1000'),
    run('short', 'exit 0', { ttlSecondsAfterFinished: 0 }),
    run('late', 'sleep 1000', { activeDeadlineSeconds: 1 }),
  ])
  const done = await ended(scene, 'index')
  assert.equal([done.status.succeeded, done.status.completedIndexes], [3, '0-2'])
  const logs = (await scene.pods('index')).map(({ metadata }) => scene.log(metadata.name))
  assert.equal((await Promise.all(logs)).sort(), ['0 index-0\n', '1 index-1\n', '2 index-2\n'])
  const failed = await ended(scene, 'fail')
  assert.equal([failed.status.failed, conditionOf(failed, 'Failed')?.reason], [1, 'BackoffLimitExceeded'])
  assert.is(conditionOf(await ended(scene, 'rule'), 'Failed')?.reason, 'PodFailurePolicy')
  await scene.gone('jobs', 'short')

  await scene.until('it runs', async () => (await scene.processes('held')).size > 0)
  await scene.patch('jobs', 'held', { spec: { suspend: true } })
  await scene.noProcesses('held')
  assert.is(conditionOf(await scene.get('jobs', 'held'), 'Suspended')?.status, 'True')
  await scene.patch('jobs', 'held', { spec: { suspend: false } })
  await scene.until('it runs again', async () => (await scene.pods('held')).some(isReady))
  assert.is(conditionOf(await ended(scene, 'late'), 'Failed')?.reason, 'DeadlineExceeded')
  await Promise.all(['held', 'late'].map((name) => scene.remove('jobs', name, { propagationPolicy: 'Background' })))
  await scene.noProcesses()
}

/** One that was missed is made up for at once, the next takes its place or waits, as the policy says; and one by hand. */
export async function cronJobs(scene: Scene): Promise<void> {
  const jobsOf = async () => (await scene.list('jobs')).filter(({ metadata }) => !metadata.deletionTimestamp)
  // As if the last run had been minutes ago: the minute that is the newest since then was missed.
  const miss = () => {
    const lastScheduleTime = new Date(Date.now() - 150_000).toISOString().replace(/\.\d+Z/, 'Z')
    return scene.patch('cronjobs', 'minutely', { status: { lastScheduleTime } }, 'status')
  }
  const jobTemplate = { spec: jobSpec(scene, 'minutely', 'sleep 1000') }
  const spec = { schedule: '* * * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Replace', suspend: true, jobTemplate }
  await scene.create('cronjobs', 'minutely', { spec })
  await miss()
  await scene.patch('cronjobs', 'minutely', { spec: { suspend: false } })
  const [first] = await scene.until('the missed run', async () =>
    (await scene.processes('minutely')).size > 0 ? jobsOf() : false,
  )
  assert.is(first?.metadata.ownerReferences[0].name, 'minutely')
  await scene.patch('cronjobs', 'minutely', { spec: { suspend: true } })

  await scene.kubectl.said('create', 'job', 'manual', '--from=cronjob/minutely')
  await scene.until('it runs', async () => (await scene.processes('minutely')).size === 2)
  assert.is((await scene.get('jobs', 'manual')).metadata.annotations['cronjob.kubernetes.io/instantiate'], 'manual')
  await scene.remove('cronjobs', 'minutely', { propagationPolicy: 'Foreground' })
  await scene.gone('cronjobs', 'minutely')
  await scene.noProcesses()
}
