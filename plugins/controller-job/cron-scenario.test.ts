/** CronJobs over hours and days, on a clock that the test moves; the test plays the kubelet. */
import { cronJobs, events, jobs, pods } from '@davit/core/client'
import { controllerOf } from '@davit/core/controller'
import type { ControlPlane } from '@davit/core/controller/testkit'
import type { CronJob, CronJobSpec, Job } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import plugin from './index.js'
import { endAll, job, plane } from './testing.js'

const hourMs = 3_600_000
const cronJob = (spec: Partial<CronJobSpec> = {}): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', namespace: 'default' },
  spec: { schedule: '0 * * * *', jobTemplate: { metadata: { labels: { app: 'tick' } }, spec: job().spec }, ...spec },
})
const stored = ({ client }: ControlPlane) => client.get(cronJobs, 'default', 'tick')
const jobsOf = async ({ client }: ControlPlane): Promise<readonly Job[]> => {
  const { items } = await client.list(jobs, { namespace: 'default' })
  return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}
const told = async ({ client }: ControlPlane) =>
  (await client.list(events, { namespace: 'default' })).items
    .filter(({ involvedObject }) => involvedObject?.kind === 'CronJob')
    .map(({ reason, message }) => `${reason}: ${message}`)
/** To the next full hour. */
const nextHour = (at: ControlPlane) => at.pass(hourMs - (at.clock.now() % hourMs) + 50)
const minutes = (at: ControlPlane) => Math.floor(at.clock.now() / hourMs) * 60

test('a Job is made at each run, named after its minute', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob())
  await at.quiet()
  assert.equal(await jobsOf(at), [])
  await nextHour(at)
  const [first, ...more] = await jobsOf(at)
  assert.equal(more, [])
  assert.is(first?.metadata.name, `tick-${minutes(at)}`)
  const run = new Date(minutes(at) * 60_000).toISOString().replace('.000', '')
  assert.is(first?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'], run)
  assert.equal([first?.metadata.labels?.app, first && controllerOf(first)?.kind], ['tick', 'CronJob'])
  const { status } = await stored(at)
  assert.is(status?.lastScheduleTime, run)
  assert.equal(
    status?.active?.map(({ kind, name, uid }) => [kind, name, uid]),
    [['Job', first?.metadata.name, first?.metadata.uid]],
  )
  await endAll(at)
  await at.quiet()
  assert.is((await stored(at)).status?.active, undefined)
  assert.ok((await stored(at)).status?.lastSuccessfulTime)
  assert.equal(await told(at), [
    `SuccessfulCreate: Created job ${first?.metadata.name}`,
    `SawCompletedJob: Saw completed job: ${first?.metadata.name}, condition: Complete`,
  ])
})

test('a day of hours: each run once, and as much history as is wanted', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 }))
  await at.quiet()
  for (let hour = 0; hour < 24; hour += 1) {
    await nextHour(at)
    await endAll(at)
  }
  const left = await jobsOf(at)
  assert.equal(
    left.map(({ metadata }) => metadata.name),
    [`tick-${minutes(at) - 60}`, `tick-${minutes(at)}`],
  )
  const made = at.writes().filter(({ verb, kind }) => verb === 'create' && kind.resource === 'jobs')
  assert.is(made.length, 24)
  await at.client.patch(cronJobs, 'default', 'tick', 'merge', { spec: { suspend: true } })
  await at.pass(48 * hourMs)
  assert.equal(at.writes(), [], 'suspended, it does nothing')
})

test('Forbid waits for the one that runs, and then makes up for the last run that was missed', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ concurrencyPolicy: 'Forbid' }))
  for (let hour = 0; hour < 3; hour += 1) await nextHour(at)
  assert.is((await jobsOf(at)).length, 1)
  assert.ok((await told(at)).some((line) => line.startsWith('JobAlreadyActive: Not starting job because prior execution')))
  await endAll(at)
  assert.equal((await jobsOf(at)).at(-1)?.metadata.name, `tick-${minutes(at)}`)
  assert.is((await jobsOf(at)).length, 2)
})

test('Replace ends the one that runs', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ concurrencyPolicy: 'Replace' }))
  await nextHour(at)
  await nextHour(at)
  const names = (await jobsOf(at)).map(({ metadata }) => metadata.name)
  assert.equal(names, [`tick-${minutes(at)}`])
  assert.equal(
    (await stored(at)).status?.active?.map(({ name }) => name),
    names,
  )
  assert.ok((await told(at)).includes(`SuccessfulDelete: Deleted job tick-${minutes(at) - 60}`))
})

test('Allow lets them run beside each other', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob())
  await nextHour(at)
  await nextHour(at)
  assert.equal([(await jobsOf(at)).length, (await stored(at)).status?.active?.length], [2, 2])
})

test('after a pause the last run that was missed is made, and many are told', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ suspend: true }))
  await at.pass(200 * hourMs)
  await at.client.patch(cronJobs, 'default', 'tick', 'merge', { spec: { suspend: false } })
  await at.quiet()
  assert.equal(
    (await jobsOf(at)).map(({ metadata }) => metadata.name),
    [`tick-${minutes(at)}`],
  )
  assert.ok((await told(at)).some((line) => line.startsWith('TooManyMissedTimes: too many missed start times.')))
})

test('the zone of the CronJob counts', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ schedule: '30 9 * * *', timeZone: 'Asia/Kolkata' }))
  await at.pass(24 * hourMs)
  const [made] = await jobsOf(at)
  assert.match(made?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '', /T09:30:00\+05:30$/)
})

test('a restart in the middle makes no run twice, and forgets none', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob())
  await nextHour(at)
  // As if the controller had died after it made the Job, and before it said so.
  const { metadata } = await stored(at)
  await at.client.patch(
    cronJobs,
    'default',
    'tick',
    'merge',
    { metadata, status: { active: null, lastScheduleTime: null } },
    { subresource: 'status' },
  )
  await at.kernel.reload('controller-job', { plugin })
  await at.pass(100)
  assert.is((await jobsOf(at)).length, 1)
  const { status } = await stored(at)
  assert.equal([status?.active?.length, status?.lastScheduleTime !== undefined], [1, true])
})

test('a Job of its name that is not its own is an error, and not taken', async (t) => {
  const at = await plane(t)
  const minute = (Math.floor(at.clock.now() / hourMs) + 1) * 60
  await at.client.create(jobs, job({ suspend: true }, undefined, { name: `tick-${minute}` }))
  await at.client.create(cronJobs, cronJob())
  await nextHour(at)
  assert.is((await stored(at)).status?.active, undefined)
  assert.ok((await told(at)).some((line) => line.startsWith('FailedCreate: Error creating job: ')))
})

test('a Job that went missing is active no more; one that somebody made is told', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob())
  await nextHour(at)
  const name = `tick-${minutes(at)}`
  const { metadata } = await stored(at)
  await at.client.delete(jobs, 'default', name, { propagationPolicy: 'Background' })
  await at.quiet()
  assert.is((await stored(at)).status?.active, undefined)
  assert.ok((await told(at)).includes(`MissingJob: Active job went missing: ${name}`))
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: metadata.uid ?? '', controller: true }]
  await at.client.create(jobs, job({}, undefined, { name: 'manual', ownerReferences }))
  await at.quiet()
  assert.ok((await told(at)).includes('UnexpectedJob: Saw a job that the controller did not create or forgot: manual'))
  assert.is((await at.client.list(pods, { namespace: 'default' })).items.length, 2, 'and it runs')
})

test('every write says who and why', async (t) => {
  const at = await plane(t)
  await at.client.create(cronJobs, cronJob({ successfulJobsHistoryLimit: 0 }))
  await nextHour(at)
  await endAll(at)
  const own = at.writes().filter(({ user }) => user.name === 'system:controller:cronjob-controller')
  assert.equal(new Set(own.map(({ verb }) => verb)), new Set(['create', 'update', 'delete']))
  for (const { cause } of own) assert.match(cause?.actor ?? '', /^controller-job@/)
  assert.equal(await jobsOf(at), [])
})
