import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, createVirtualClock, suite, type TestContext } from '../testing/contract.js'
import { podConditions } from './conditions.js'
import { EmptyDirLimits } from './empty-dir-limits.js'
import { planPod } from './plan.js'
import { viewsOf } from './state.js'
import { podStatus } from './status.js'
import { pod, running, state, word } from './testing.js'
import { diskUsage } from './volumes/disk-usage.js'

const test = suite('limits of emptyDirs')
const kibibyte = 1024

async function limits(t: TestContext, volumes: NonNullable<Parameters<typeof pod>[0]>['volumes']) {
  const directory = await t.directory()
  const clock = createVirtualClock()
  const said: string[] = []
  const failures: unknown[] = []
  let tell = (): void => {}
  const told = new Promise<void>((resolve) => (tell = resolve))
  const watched = new EmptyDirLimits({
    clock,
    directory,
    exceeded: (message) => {
      said.push(message)
      tell()
    },
    failed: (error) => failures.push(error),
  })
  t.defer(() => watched.stop())
  const of = pod({ volumes })
  return { directory, clock, said, failures, watched, begin: () => watched.begin(of), told }
}

test('what a directory takes: blocks, names of one file once, nothing through links', async (t) => {
  const directory = await t.directory()
  const empty = await diskUsage(directory, Number.POSITIVE_INFINITY)
  await mkdir(join(directory, 'deep', 'er'), { recursive: true })
  await writeFile(join(directory, 'deep', 'er', 'file'), Buffer.alloc(100 * kibibyte, 1))
  await link(join(directory, 'deep', 'er', 'file'), join(directory, 'again'))
  await symlink('/usr', join(directory, 'usr'))
  const bytes = await diskUsage(directory, Number.POSITIVE_INFINITY)
  assert.ok(bytes >= empty + 100 * kibibyte && bytes < empty + 130 * kibibyte, `${bytes - empty}`)
  assert.ok((await diskUsage(directory, 1)) > 1)
  assert.is(await diskUsage(join(directory, 'none'), 1), 0)
})

test('without a limit nothing is ever looked at', async (t) => {
  const { clock, begin } = await limits(t, [
    { name: 'data', emptyDir: {} },
    { name: 'zero', emptyDir: { sizeLimit: '0' } },
    { name: 'key', secret: { secretName: 'key' } },
  ])
  begin()
  assert.is(clock.pending, 0)
})

test('a volume over its limit is told once, in the words of a kubelet', async (t) => {
  const { directory, clock, said, begin, told } = await limits(t, [
    { name: 'fine', emptyDir: { sizeLimit: '1Gi' } },
    { name: 'x', emptyDir: { sizeLimit: '1Mi' } },
  ])
  await mkdir(join(directory, 'x'))
  await writeFile(join(directory, 'x', 'big'), Buffer.alloc(2 * 1024 * kibibyte, 1))
  for (let turn = 0; turn < 3; turn += 1) begin()
  assert.is(clock.pending, 1)
  await clock.advance(1000)
  await told
  assert.equal(said, ['Usage of EmptyDir volume "x" exceeds the limit "1Mi". '])
  assert.is(clock.pending, 0)
})

test('what is stopped says no more, and what goes meanwhile is no failure', async (t) => {
  const { directory, clock, said, failures, watched, begin } = await limits(t, [{ name: 'x', emptyDir: { sizeLimit: '1Mi' } }])
  await mkdir(join(directory, 'x'))
  begin()
  await rm(join(directory, 'x'), { recursive: true })
  await clock.advance(1000)
  watched.stop()
  await clock.advance(60_000)
  assert.equal([said, failures], [[], []])
})

test('an evicted Pod has failed for a reason that is not its own, and its containers end at once', () => {
  const message = 'Usage of EmptyDir volume "x" exceeds the limit "1Mi". '
  const evicted = state({
    pod: pod({ terminationGracePeriodSeconds: 600 }),
    containers: [running('main')],
    more: { refusal: { phase: 'Failed', reason: 'Evicted', message, graceSeconds: 1 } },
  })
  assert.equal(planPod(evicted).actions.map(word), ['stop main in 1'])
  const status = podStatus(evicted, { runtime: 'docker', hostIps: ['10.0.0.1'] })
  assert.equal([status.phase, status.reason, status.message], ['Failed', 'Evicted', message])
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.equal([condition?.status, condition?.reason, condition?.message], ['True', 'TerminationByKubelet', message])
  const fine = state({ containers: [running('main')] })
  assert.not(podConditions(fine, viewsOf(fine), undefined).some(({ type }) => type === 'DisruptionTarget'))
})
