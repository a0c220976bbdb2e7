// @timeout 180
import { cronJobs, jobs } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { jobOf, jobPlane, schedule } from './testing.js'

test('containers that end well complete a Job, and its Pods stay', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', { completions: 4, parallelism: 2 }, { 'run-ms': '3000' })
  assert.equal(await at.ended('work'), ['SuccessCriteriaMet', 'Complete'])
  assert.is((await at.job('work')).status?.succeeded, 4)
  await at.go(60)
  assert.equal(
    (await at.pods()).map(({ status, metadata }) => [status?.phase, metadata.finalizers]),
    Array(4).fill(['Succeeded', undefined]),
  )
})

test('containers that fail are tried again, later and later, and then no more', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', { backoffLimit: 2 }, { 'exit-code': '1' })
  const began = at.clock.now()
  assert.equal(await at.ended('work'), ['FailureTarget', 'Failed'])
  const seconds = (at.clock.now() - began) / 1000
  assert.ok(seconds >= 30 && seconds < 45, `10 and 20 s: ${seconds}`)
  assert.is((await at.job('work')).status?.failed, 3)
})

test('containers that start again in their Pod count towards the limit', async (t) => {
  const at = await jobPlane(t)
  const { template } = jobOf('', {}, { 'exit-code': '1' }).spec
  await at.run('work', {
    backoffLimit: 2,
    template: { ...template, spec: { ...template.spec, restartPolicy: 'OnFailure' } } as never,
  })
  assert.equal(await at.ended('work'), ['FailureTarget', 'Failed'])
})

test('an exit code that the policy knows fails its index alone', async (t) => {
  const at = await jobPlane(t)
  const rules = [{ action: 'FailIndex' as const, onExitCodes: { operator: 'In' as const, values: [42] } }]
  const spec = { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 3, podFailurePolicy: { rules } }
  await at.run('work', spec, { 'exit-code': '42' })
  assert.equal(await at.ended('work'), ['FailureTarget', 'Failed'])
  const { status } = await at.job('work')
  assert.equal([status?.failedIndexes, status?.failed, status?.conditions?.[0]?.reason], ['0,1', 2, 'FailedIndexes'])
})

test('the deadline ends what runs, and the Job has failed only when it is gone', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', { activeDeadlineSeconds: 20 }, { 'stop-ms': '600' })
  assert.equal(await at.ended('work'), ['FailureTarget', 'Failed'])
  const { status } = await at.job('work')
  assert.equal([status?.conditions?.[1]?.reason, status?.terminating, status?.failed], ['DeadlineExceeded', 0, 1])
  assert.equal(await at.pods(), [])
})

test('suspended and resumed, it comes to its end', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', { completions: 2, parallelism: 2 }, { 'run-ms': '10000' })
  await at.go(5)
  await at.client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: true } })
  await at.go(10)
  assert.equal(await at.pods(), [])
  await at.client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: false } })
  assert.equal(await at.ended('work'), ['SuccessCriteriaMet', 'Complete'])
  assert.equal([(await at.job('work')).status?.succeeded, (await at.job('work')).status?.failed], [2, undefined])
})

for (const propagationPolicy of ['Background', 'Foreground'] as const) {
  test(`a Job that is deleted takes its Pods along: ${propagationPolicy}`, async (t) => {
    const at = await jobPlane(t)
    await at.run('work', { completions: 3, parallelism: 3 })
    await at.go(5)
    await at.client.delete(jobs, 'default', 'work', { propagationPolicy })
    await at.go(20)
    assert.equal([await at.pods(), (await at.client.list(jobs, { namespace: 'default' })).items], [[], []])
  })
}

test('a Job that is deleted leaves its Pods to themselves: Orphan', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', {})
  await at.go(5)
  await at.client.delete(jobs, 'default', 'work', { propagationPolicy: 'Orphan' })
  await at.go(20)
  assert.equal(
    (await at.pods()).map(({ metadata }) => [metadata.ownerReferences, metadata.finalizers]),
    [[undefined, undefined]],
  )
})

test('finished Jobs and their Pods go when their time is over', async (t) => {
  const at = await jobPlane(t)
  await at.run('work', { ttlSecondsAfterFinished: 30 }, { 'run-ms': '1000' })
  await at.ended('work')
  await at.go(40)
  assert.equal([await at.pods(), (await at.client.list(jobs, { namespace: 'default' })).items], [[], []])
})

test('three hours of a CronJob', async (t) => {
  const at = await jobPlane(t)
  const jobTemplate = { spec: jobOf('', {}, { 'run-ms': '2000' }).spec }
  await schedule(at, { name: 'tick', spec: { schedule: '*/30 * * * *', successfulJobsHistoryLimit: 2, jobTemplate } })
  const runs = new Set<string>()
  for (let half = 0; half < 6; half += 1) {
    const left = 1_800_000 - (at.clock.now() % 1_800_000)
    await at.pass(left)
    await at.go(20)
    for (const { metadata } of (await at.client.list(jobs, { namespace: 'default' })).items) runs.add(metadata.name)
  }
  assert.is(runs.size, 6)
  assert.is((await at.client.list(jobs, { namespace: 'default' })).items.length, 2)
  assert.is((await at.pods()).length, 2)
  const { status } = await at.client.get(cronJobs, 'default', 'tick')
  assert.equal([status?.active, status?.lastSuccessfulTime !== undefined], [undefined, true])
})
