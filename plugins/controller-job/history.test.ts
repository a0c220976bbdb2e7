import type { CronJob, CronJobStatus, Job } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { isIn, jobOf, nameOfRun, referenceTo } from './cron-job.js'
import { jobsToForget, lookAt, withActive } from './history.js'
import { job, time } from './testing.js'
import { Zone } from './zone.js'

const child = (name: string, end?: 'Complete' | 'Failed', ago = 0): Job => {
  const conditions = end ? [{ type: end, status: 'True' }] : []
  const times = { startTime: time(ago + 5), ...(end === 'Complete' && { completionTime: time(ago) }) }
  return job({}, { conditions, ...times }, { name, uid: name })
}
const active = (...jobs: readonly Job[]): CronJobStatus => ({ active: jobs.map(referenceTo) })
const names = (jobs: readonly Job[]) => jobs.map(({ metadata }) => metadata.name)
const cronJob = (spec: Partial<CronJob['spec']> = {}): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', namespace: 'default', uid: 'cron' },
  spec: { schedule: '@daily', jobTemplate: {}, ...spec },
})

test('what has come to its end is active no more', () => {
  const [done, failed, busy] = [child('done', 'Complete', 10), child('failed', 'Failed'), child('busy')]
  const look = lookAt(active(child('done'), child('failed'), child('busy')), [done, failed, busy])
  assert.equal([names(look.completed), names(look.unexpected)], [['done', 'failed'], []])
  assert.equal(
    look.status.active?.map(({ name }) => name),
    ['busy'],
  )
  assert.is(look.status.lastSuccessfulTime, time(10))
})

test('what is not known and works is unexpected; what is not known and has succeeded counts', () => {
  const look = lookAt({}, [child('manual'), child('old', 'Complete', 20), child('new', 'Complete', 5)])
  assert.equal([names(look.unexpected), look.completed], [['manual'], []])
  assert.equal(look.status, { lastSuccessfulTime: time(5) })
})

test('the last success stays when its Job is gone', () => {
  assert.is(lookAt({ lastSuccessfulTime: time(1) }, [child('old', 'Complete', 20)]).status.lastSuccessfulTime, time(1))
})

test('an empty list of active Jobs is none', () => {
  assert.equal(withActive({ ...active(child('a')), lastScheduleTime: time(0) }, []), { lastScheduleTime: time(0) })
})

test('the oldest beyond each limit go, those that work never', () => {
  const jobs = [child('c', 'Complete', 10), child('a', 'Complete', 30), child('b', 'Complete', 20), child('busy')]
  const failed = [child('f', 'Failed', 40), child('e', 'Failed', 50)]
  const limits = { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 }
  assert.equal(names(jobsToForget(cronJob(limits), [...jobs, ...failed])), ['a', 'b', 'e'])
  assert.equal(names(jobsToForget(cronJob(), [...jobs, ...failed])), [], 'without limits all stay')
  assert.equal(names(jobsToForget(cronJob({ failedJobsHistoryLimit: 0 }), failed)), ['e', 'f'])
})

test('the Job of a run: its name, its time in the zone, and what the template says', () => {
  const run = Date.UTC(2024, 0, 1, 8)
  const jobTemplate = { metadata: { labels: { app: 'x' }, annotations: { note: 'y' } }, spec: job().spec }
  const of = cronJob({ jobTemplate })
  const made = jobOf(of, run, new Zone('Europe/Zurich'))
  assert.is(made.metadata.name, `tick-${run / 60_000}`)
  assert.is(nameOfRun(of, run + 59_000), made.metadata.name)
  assert.equal([made.metadata.labels, made.spec], [{ app: 'x' }, job().spec])
  assert.equal(made.metadata.annotations, {
    note: 'y',
    'batch.kubernetes.io/cronjob-scheduled-timestamp': '2024-01-01T09:00:00+01:00',
  })
  assert.equal([made.metadata.ownerReferences?.[0]?.uid, made.metadata.ownerReferences?.[0]?.controller], ['cron', true])
  assert.is(isIn([referenceTo({ ...made, metadata: { ...made.metadata, uid: 'u' } })], child('other')), false)
})
