/** Jobs from beginning to end, with the API alone: the test plays the kubelet. */
import { ApiHooksToken } from '@davit/core/api'
import { events, jobs, pods } from '@davit/core/client'
import { controllerOf, type JobBackOff, JobBackOffToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { assert, createTestServices, test } from '@davit/core/testing'
import { indexKey, trackingFinalizer } from './names.js'
import { activeOf, end, endAll, indexed, job, plane, podsOf, queue, stored } from './testing.js'

const types = (of: Awaited<ReturnType<typeof stored>>) => (of.status?.conditions ?? []).map(({ type }) => type)
const told = async ({ client }: Awaited<ReturnType<typeof plane>>) =>
  (await client.list(events, { namespace: 'default' })).items
    .filter(({ involvedObject }) => involvedObject?.kind === 'Job')
    .map(({ reason, message }) => `${reason}: ${message}`)

test('a Pod is made, and the Job is complete when it has succeeded', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job())
  await at.quiet()
  const [made, ...more] = await podsOf(at)
  assert.equal(more, [])
  assert.match(made?.metadata.name ?? '', /^work-[a-z0-9]{5}$/)
  assert.equal(made?.metadata.finalizers, [trackingFinalizer])
  assert.is(made && controllerOf(made)?.kind, 'Job')
  const started = await stored(at)
  assert.equal(started.status, {
    startTime: started.metadata.creationTimestamp,
    active: 1,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
  })
  at.writes()
  await endAll(at)
  const { status } = await stored(at)
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
  assert.equal(
    status?.conditions?.map(({ reason, message }) => `${reason}: ${message}`),
    Array(2).fill('CompletionsReached: Reached expected number of succeeded pods'),
  )
  assert.equal([status?.succeeded, status?.active, status?.ready, status?.terminating], [1, undefined, 0, 0])
  assert.equal(status?.uncountedTerminatedPods, {})
  assert.ok(status?.completionTime)
  assert.is((await podsOf(at))[0]?.metadata.finalizers, undefined)
  assert.is(at.writes().length, 3, 'the uid, the finalizer, the count')
  assert.equal(await told(at), [`SuccessfulCreate: Created pod: ${made?.metadata.name}`, 'Completed: Job completed'])
})

test('a settled Job causes no write, finished or not', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ completions: 3, parallelism: 2 }))
  await at.pass(1000)
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
  for (let round = 0; round < 3; round += 1) await endAll(at)
  await at.pass(1000)
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
  at.writes()
  await at.pass(24 * 3_600_000)
  assert.equal(at.writes(), [])
})

test('never more Pods than are wanted, and never one too many in all', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ completions: 5, parallelism: 2 }))
  for (let round = 0; round < 10; round += 1) {
    await at.quiet()
    assert.ok((await activeOf(at)).length <= 2)
    const [first] = await activeOf(at)
    if (first) await end(at, first)
  }
  await at.quiet()
  assert.is((await podsOf(at)).length, 5)
  assert.is((await stored(at)).status?.succeeded, 5)
})

test('a work queue is complete when one has succeeded and the others have ended', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, queue(3))
  await at.quiet()
  const [first, second, third] = await podsOf(at)
  if (first) await end(at, first)
  await at.quiet()
  assert.equal(types(await stored(at)), [])
  if (second) await end(at, second, 1)
  if (third) await end(at, third)
  await at.quiet()
  assert.is((await podsOf(at)).length, 3, 'after the first success nobody is made')
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
  assert.equal([(await stored(at)).status?.succeeded, (await stored(at)).status?.failed], [2, 1])
})

test('failures are tried again after 10, 20, 40 s, until the limit', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ backoffLimit: 2 }))
  await at.quiet()
  for (const seconds of [10, 20]) {
    await endAll(at, 1)
    await at.pass((seconds - 2) * 1000)
    assert.is((await activeOf(at)).length, 0, `not before ${seconds} s`)
    await at.pass(4000)
    assert.is((await activeOf(at)).length, 1)
  }
  await endAll(at, 1)
  const { status } = await stored(at)
  assert.equal(types(await stored(at)), ['FailureTarget', 'Failed'])
  assert.is(status?.failed, 3)
  assert.is(status?.conditions?.[1]?.reason, 'BackoffLimitExceeded')
  assert.ok((await told(at)).includes('BackoffLimitExceeded: Job has reached the specified backoff limit'))
  await at.pass(3_600_000)
  assert.is((await podsOf(at)).length, 3)
})

test('a plugin says how long to wait', async (t) => {
  const backOff: JobBackOff = { delayMs: ({ failures }) => failures * 1000 }
  const provider = definePlugin({
    id: 'test-back-off',
    api: '^1.0',
    provides: { backOff: JobBackOffToken },
    setup: async () => ({ provides: { backOff } }),
  })
  const at = await plane(t, [{ plugin: provider }])
  await at.client.create(jobs, job())
  await at.quiet()
  await endAll(at, 1)
  await at.pass(2000)
  assert.is((await activeOf(at)).length, 1)
})

test('an indexed Job makes one Pod for each index, and says which are done', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, indexed(4))
  await at.quiet()
  const made = await podsOf(at)
  assert.equal(
    made.map(({ metadata }) => metadata.name.slice(0, 7)),
    ['work-0-', 'work-1-', 'work-2-', 'work-3-'],
  )
  const [first] = made
  assert.equal([first?.metadata.annotations?.[indexKey], first?.metadata.labels?.[indexKey]], ['0', '0'])
  assert.is(first?.spec.hostname, 'work-0')
  assert.equal(first?.spec.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX')
  for (const each of made.slice(1)) await end(at, each)
  await at.quiet()
  assert.equal([(await stored(at)).status?.completedIndexes, (await stored(at)).status?.succeeded], ['1-3', 3])
  if (first) await end(at, first, 1)
  await at.pass(11_000)
  const [again] = await activeOf(at)
  assert.is(again?.metadata.annotations?.[indexKey], '0')
  await endAll(at)
  assert.is((await stored(at)).status?.completedIndexes, '0-3')
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
})

test('an index that fails too often fails alone, and the Job when all others are done', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, indexed(2, { backoffLimitPerIndex: 1 }))
  await at.quiet()
  const [zero, one] = await podsOf(at)
  if (zero) await end(at, zero, 1)
  if (one) await end(at, one)
  await at.pass(11_000)
  const [again] = await activeOf(at)
  assert.is(again?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'], '1')
  await endAll(at, 1)
  const { status } = await stored(at)
  assert.equal([status?.failedIndexes, status?.completedIndexes, status?.failed, status?.succeeded], ['0', '1', 2, 1])
  assert.equal(types(await stored(at)), ['FailureTarget', 'Failed'])
  assert.is(status?.conditions?.[1]?.reason, 'FailedIndexes')
})

test('a failure policy ends the Job at once, and ignores what it is told to', async (t) => {
  const at = await plane(t)
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  ]
  await at.client.create(jobs, job({ parallelism: 2, completions: 2, backoffLimit: 0, podFailurePolicy: { rules } }))
  await at.quiet()
  const [first, second] = await podsOf(at)
  if (first) await end(at, first, 1, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  await at.pass(11_000)
  assert.is((await stored(at)).status?.failed, undefined)
  assert.is((await activeOf(at)).length, 2)
  if (second) await end(at, second, 42)
  await at.quiet()
  const ended = await stored(at)
  assert.equal(types(ended), ['FailureTarget', 'Failed'])
  assert.is(ended.status?.conditions?.[0]?.reason, 'PodFailurePolicy')
  assert.is(
    ended.status?.conditions?.[0]?.message,
    `Container main for pod default/${second?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
  )
  assert.equal(await activeOf(at), [])
})

test('a success policy ends the others', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, indexed(3, { successPolicy: { rules: [{ succeededIndexes: '0' }] } }))
  await at.quiet()
  const [leader] = await podsOf(at)
  if (leader) await end(at, leader)
  await at.quiet()
  const ended = await stored(at)
  assert.equal(types(ended), ['SuccessCriteriaMet', 'Complete'])
  assert.equal(
    [ended.status?.conditions?.[1]?.reason, ended.status?.conditions?.[1]?.message],
    ['SuccessPolicy', 'Matched rules at index 0'],
  )
  assert.equal([ended.status?.succeeded, ended.status?.failed], [1, undefined])
  assert.equal(await activeOf(at), [])
})

test('the deadline ends a Job by a timer', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ activeDeadlineSeconds: 60 }))
  await at.pass(58_000)
  assert.equal(types(await stored(at)), [])
  await at.pass(4000)
  const { status } = await stored(at)
  assert.equal(types(await stored(at)), ['FailureTarget', 'Failed'])
  assert.equal([status?.conditions?.[1]?.reason, status?.failed], ['DeadlineExceeded', 1])
  assert.equal(await podsOf(at), [])
})

test('suspended, it has no Pods and its time does not run; resumed, it begins anew', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ parallelism: 2, completions: 2, activeDeadlineSeconds: 60 }))
  await at.quiet()
  await at.client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: true } })
  await at.quiet()
  const suspended = await stored(at)
  assert.equal(await podsOf(at), [])
  assert.equal(
    suspended.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [['Suspended', 'True', 'JobSuspended']],
  )
  assert.is(suspended.status?.failed, undefined, 'what was taken away has not failed')
  await at.pass(3_600_000)
  await at.client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: false } })
  await at.quiet()
  const resumed = await stored(at)
  assert.is((await activeOf(at)).length, 2)
  assert.is(resumed.status?.conditions?.[0]?.status, 'False')
  assert.is(Date.parse(resumed.status?.startTime ?? '') > Date.parse(suspended.status?.startTime ?? ''), true)
  const events = await told(at)
  assert.ok(events.includes('Suspended: Job suspended') && events.includes('Resumed: Job resumed'))
})

test('created suspended it has not started', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ suspend: true }))
  await at.quiet()
  assert.equal([await podsOf(at), (await stored(at)).status?.startTime], [[], undefined])
})

test('fewer at once: those that lose least go, and are no failures', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ parallelism: 4, completions: 10 }))
  await at.quiet()
  await at.client.patch(jobs, 'default', 'work', 'merge', { spec: { parallelism: 1 } })
  await at.quiet()
  assert.is((await podsOf(at)).length, 1)
  assert.equal([(await stored(at)).status?.active, (await stored(at)).status?.failed], [1, undefined])
})

test('a Pod that somebody deletes counts as failed, and another takes its place', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job())
  await at.quiet()
  const [gone] = await podsOf(at)
  await at.client.delete(pods, 'default', gone?.metadata.name ?? '')
  await at.pass(11_000)
  assert.is((await stored(at)).status?.failed, 1)
  const left = await podsOf(at)
  assert.is(left.length, 1)
  assert.ok(left[0]?.metadata.name !== gone?.metadata.name)
})

test('orphans that match are adopted and tracked; what stops matching is let go of', async (t) => {
  const at = await plane(t)
  const selector = { matchLabels: { app: 'work' } }
  const template = { ...job().spec.template, metadata: { labels: { app: 'work' } } }
  const metadata = { name: 'lonely', namespace: 'default', labels: { app: 'work' } }
  await at.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec ?? { containers: [] } })
  await at.client.create(jobs, job({ manualSelector: true, selector, template }))
  await at.quiet()
  const [adopted, ...more] = await podsOf(at)
  assert.equal(more, [])
  assert.equal([adopted?.metadata.finalizers, adopted && controllerOf(adopted)?.name], [[trackingFinalizer], 'work'])
  await at.client.patch(pods, 'default', 'lonely', 'merge', { metadata: { labels: { app: 'other' } } })
  await at.quiet()
  const released = await at.client.get(pods, 'default', 'lonely')
  assert.equal([released.metadata.finalizers, controllerOf(released)], [undefined, undefined])
  assert.is((await podsOf(at)).length, 2)
})

test('Pods of a Job that is gone can go', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ parallelism: 2, completions: 2 }))
  await at.quiet()
  await at.client.delete(jobs, 'default', 'work', { propagationPolicy: 'Background' })
  await at.quiet()
  assert.equal(
    (await podsOf(at)).map(({ metadata }) => metadata.finalizers),
    [undefined, undefined],
  )
})

test('a Job of another controller is left alone', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ managedBy: 'example.com/queue' }))
  await at.pass(60_000)
  assert.equal([await podsOf(at), (await stored(at)).status], [[], {}])
})

test('finished Jobs go when their time is over', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ ttlSecondsAfterFinished: 100 }))
  await at.quiet()
  await endAll(at)
  await at.pass(98_000)
  assert.is((await stored(at)).metadata.deletionTimestamp, undefined)
  await at.pass(4000)
  const going = await stored(at)
  assert.ok(going.metadata.deletionTimestamp)
  assert.equal(going.metadata.finalizers, ['foregroundDeletion'])
})

test('every write says who and why', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job({ ttlSecondsAfterFinished: 0 }))
  await at.quiet()
  await endAll(at)
  const writes = at.writes()
  const users = new Set(writes.map(({ user }) => user.name))
  assert.equal(users, new Set(['system:controller:job-controller', 'system:controller:ttl-after-finished-controller']))
  for (const { cause } of writes) assert.match(cause?.actor ?? '', /^controller-job@/)
})

test('a hundred random ends, deletions and restarts: every completion counts once, and no Pod runs too often', async (t) => {
  const at = await plane(t)
  const { random } = createTestServices('a hundred ends')
  let made = 0
  t.defer(
    at.kernel.get(ApiHooksToken).committed.tap('count', ({ verb, kind }) => {
      if (kind.resource === 'pods' && verb === 'create') made += 1
    }),
  )
  await at.client.create(jobs, job({ completions: 40, parallelism: 6, backoffLimit: 1000 }))
  await at.quiet()
  let [succeeded, failed] = [0, 0]
  const { default: plugin } = await import('./index.js')
  while (succeeded < 40) {
    const active = await activeOf(at)
    assert.ok(active.length <= 6)
    const target = active[random.integer(Math.max(1, active.length))]
    const chance = random.integer(10)
    if (!target) await at.pass(600_000)
    else if (chance < 2) {
      await at.client.delete(pods, 'default', target.metadata.name)
      failed += 1
    } else if (chance < 3) {
      await end(at, target, 1)
      failed += 1
    } else {
      await end(at, target)
      succeeded += 1
    }
    if (random.integer(8) === 0) await at.kernel.reload('controller-job', { plugin })
    if (random.integer(3) === 0) await at.quiet()
  }
  await at.pass(600_000)
  const { status } = await stored(at)
  assert.equal([status?.succeeded, status?.failed ?? 0], [40, failed])
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
  assert.is(made, succeeded + failed)
})

test('somebody else writes the Job all the time: conflicts are tried again, and nothing counts twice', async (t) => {
  const at = await plane(t)
  let busy = false
  // Between the controller's look at the Job and each of its writes.
  t.defer(
    at.kernel.get(ApiHooksToken).validate.tap('rival', async ({ kind, subresource, user }) => {
      if (busy || kind.resource !== 'jobs' || subresource !== 'status' || !user.name.endsWith(':job-controller')) return undefined
      busy = true
      const note = String(at.clock.monotonic())
      await at.client.patch(jobs, 'default', 'work', 'merge', { metadata: { annotations: { note } } })
      return undefined
    }),
  )
  await at.client.create(jobs, job({ completions: 6, parallelism: 2 }))
  for (let round = 0; round < 3; round += 1) {
    busy = false
    await at.pass(1000)
    await endAll(at)
    await at.pass(1000)
  }
  await at.pass(1000)
  assert.equal([(await stored(at)).status?.succeeded, (await podsOf(at)).length], [6, 6])
  assert.equal(types(await stored(at)), ['SuccessCriteriaMet', 'Complete'])
})

test('many Jobs at once, each as it would be alone', async (t) => {
  const at = await plane(t)
  const names = Array.from({ length: 20 }, (_, number) => `work${number}`)
  await Promise.all(names.map((name) => at.client.create(jobs, job({ completions: 2, parallelism: 2 }, undefined, { name }))))
  await at.quiet()
  assert.is((await podsOf(at)).length, 40)
  await Promise.all((await activeOf(at)).map((each) => end(at, each)))
  await at.quiet()
  for (const name of names) assert.equal(types(await stored(at, name)), ['SuccessCriteriaMet', 'Complete'])
  assert.is((await podsOf(at)).length, 40)
})

test('a name that the API makes is the one in the labels', async (t) => {
  const at = await plane(t)
  const { metadata, spec } = await at.client.create(jobs, job({}, undefined, { name: '', generateName: 'work-' }))
  assert.is(spec.template.metadata?.labels?.['job-name'], metadata.name)
  await at.quiet()
  assert.is((await podsOf(at)).length, 1)
})

test('a refusal is told, costs one call at a time, and is over when its reason is', async (t) => {
  const at = await plane(t)
  let [refusing, refused] = [true, 0]
  t.defer(
    at.kernel.get(ApiHooksToken).validate.tap('quota', ({ kind, operation }) => {
      if (!refusing || kind.resource !== 'pods' || operation !== 'CREATE') return undefined
      refused += 1
      return { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
    }),
  )
  await at.client.create(jobs, job({ completions: 20, parallelism: 20 }))
  await at.quiet()
  assert.ok(refused > 0 && refused < 4, `never all twenty: ${refused}`)
  assert.ok((await told(at)).some((line) => /^FailedCreate: Error creating: .*exceeded quota/.test(line)))
  refusing = false
  await at.pass(10_000)
  assert.is((await activeOf(at)).length, 20)
})
