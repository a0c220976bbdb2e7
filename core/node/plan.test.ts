import { assert, suite } from '../testing/contract.js'
import { imageAnnotation, planPod, planRemoval, removalGraceOf } from './plan.js'
import { container, exited, type Given, now, pod, running, sandbox, sidecar, state, word } from './testing.js'

const test = suite('plan')

interface Case {
  readonly name: string
  readonly given: Given
  readonly actions: readonly string[]
  /** In seconds from now. */
  readonly wake?: number
  readonly over?: boolean
}

const gone = sandbox({ state: 'notReady' })
const always = pod()
const onFailure = pod({ restartPolicy: 'OnFailure' })
const never = pod({ restartPolicy: 'Never' })
const two = pod({ containers: [container('main'), container('other')] })
const withInit = pod({ initContainers: [container('first'), container('second')] })
const withSidecar = pod({ initContainers: [sidecar('proxy'), container('setup')] })
const looked = pod({ ephemeralContainers: [{ name: 'look', image: 'tools' }] })
const lookedAt = pod({ ephemeralContainers: [{ name: 'look', image: 'tools', targetContainerName: 'main' }] })
const probe = { exec: { command: ['check'] } }
const problem = (seconds: number) => ({
  reason: 'ErrImagePull',
  message: 'no',
  since: now,
  retryAt: now + seconds * 1000,
  failures: 1,
})

const cases: readonly Case[] = [
  // The sandbox.
  { name: 'a new Pod wants a sandbox first', given: { sandboxes: [] }, actions: ['run sandbox #0'] },
  { name: 'a sandbox that ended is followed by another', given: { sandboxes: [gone] }, actions: ['run sandbox #1'] },
  {
    name: 'a sandbox that cannot be made is tried again later',
    given: { sandboxes: [], more: { sandboxProblem: problem(4) } },
    actions: [],
    wake: 4,
  },
  {
    name: 'and then is tried',
    given: { sandboxes: [], more: { sandboxProblem: problem(0) } },
    actions: ['run sandbox #0'],
  },

  {
    name: 'what still runs of a sandbox that ended is ended before there is another',
    given: { pod: two, sandboxes: [gone], containers: [running('main'), exited('other', 1)] },
    actions: ['stop main in 30'],
  },
  {
    name: 'also where a sandbox could not be made before',
    given: { sandboxes: [gone], containers: [running('main')], more: { sandboxProblem: problem(4) } },
    actions: ['stop main in 30'],
  },
  {
    name: 'sidecars last',
    given: { pod: withSidecar, sandboxes: [gone], containers: [running('proxy'), exited('setup', 0), exited('main', 1)] },
    actions: ['stop proxy in 30'],
  },
  {
    name: 'what runs in an old sandbox beside a new one is ended before anything is started',
    given: { sandboxes: [sandbox({ id: 's1', attempt: 1 }), gone], containers: [running('main')] },
    actions: ['stop main in 30'],
  },
  {
    name: 'a container of which the runtime knows nothing may run: it is ended, not started a second time',
    given: { pod: two, containers: [running('main', { state: 'unknown' }), running('other')] },
    actions: ['stop main in 30'],
  },
  {
    name: 'also in a sandbox that ended',
    given: { sandboxes: [gone], containers: [running('main', { state: 'unknown' })] },
    actions: ['stop main in 30'],
  },

  // Ephemeral containers.
  {
    name: 'one that is put into a Pod that runs is started',
    given: { pod: looked, containers: [running('main')] },
    actions: ['start look#0'],
  },
  {
    name: 'it does not wait for the init containers',
    given: {
      pod: pod({ initContainers: [container('first')], ephemeralContainers: [{ name: 'look', image: 'tools' }] }),
      containers: [running('first')],
    },
    actions: ['start look#0'],
  },
  {
    name: 'it waits for the container at whose processes it looks',
    given: { pod: lookedAt, containers: [exited('main', 1)] },
    actions: ['start main#1'],
  },
  { name: 'and starts once that runs', given: { pod: lookedAt, containers: [running('main')] }, actions: ['start look#0'] },
  {
    name: 'it runs once, whatever the restart policy',
    given: { pod: looked, containers: [running('main'), exited('look', 1)] },
    actions: [],
  },
  {
    name: 'it ends with the containers of the Pod',
    given: {
      pod: pod({ restartPolicy: 'Never', ephemeralContainers: [{ name: 'look', image: 'tools' }] }),
      containers: [exited('main', 0), running('look')],
    },
    actions: ['stop look in 30'],
  },

  // Containers of the app.
  {
    name: 'with a sandbox the containers start, in the order of the spec',
    given: { pod: two },
    actions: ['start main#0', 'start other#0'],
  },
  { name: 'one that runs is left alone', given: { pod: two, containers: [running('main')] }, actions: ['start other#0'] },
  { name: 'all running: nothing', given: { containers: [running('main')] }, actions: [] },
  {
    name: 'a crash is answered at once the first time',
    given: { containers: [exited('main', 1)] },
    actions: ['start main#1'],
  },
  {
    name: 'the second crash waits 10 s from its end',
    given: { containers: [exited('main#1', 1)], memory: { main: { restarts: 1 } } },
    actions: [],
    wake: 5,
  },
  {
    name: 'and then restarts',
    given: { containers: [exited('main#1', 1, { finishedAt: now - 10_000 })], memory: { main: { restarts: 1 } } },
    actions: ['start main#2'],
  },
  {
    name: 'the tenth crash waits 300 s',
    given: { containers: [exited('main#9', 1)], memory: { main: { restarts: 9 } } },
    actions: [],
    wake: 295,
  },
  {
    name: 'after a restart of the agent the attempt stands for the restarts',
    given: { containers: [exited('main#2', 1)] },
    actions: [],
    wake: 15,
  },
  {
    name: 'ten minutes of running reset the back-off',
    given: { containers: [exited('main#7', 1, { startedAt: now - 700_000 })], memory: { main: { restarts: 7 } } },
    actions: ['start main#8'],
  },
  {
    name: 'success restarts too, with Always',
    given: { pod: always, containers: [exited('main', 0)] },
    actions: ['start main#1'],
  },
  {
    name: 'failure restarts with OnFailure',
    given: { pod: onFailure, containers: [exited('main', 1)] },
    actions: ['start main#1'],
  },
  {
    name: 'one of two that completed stays so, with OnFailure',
    given: { pod: pod({ ...two.spec, restartPolicy: 'OnFailure' }), containers: [exited('main', 0), running('other')] },
    actions: [],
  },
  {
    name: 'a problem to start is waited out',
    given: { memory: { main: { problem: { ...problem(7), reason: 'CreateContainerError' } } } },
    actions: [],
    wake: 7,
  },
  {
    name: 'an ErrImagePull is looked at again when it becomes an ImagePullBackOff',
    given: { memory: { main: { problem: problem(7) } } },
    actions: [],
    wake: 1,
  },
  {
    name: 'a problem of one does not hold back the other',
    given: { pod: two, memory: { main: { problem: problem(7) } } },
    actions: ['start other#0'],
    wake: 1,
  },
  {
    name: 'a container that was created and never started is made anew, under the same count',
    given: { containers: [exited('main', 1), running('main#1', { state: 'created', startedAt: 0 })] },
    actions: ['remove main#1', 'start main#1'],
  },
  {
    name: 'a container of a sandbox that ended starts in the new one, without back-off',
    given: {
      sandboxes: [sandbox({ id: 's1', attempt: 1 }), gone],
      containers: [exited('main#5', 137)],
      memory: { main: { restarts: 5 } },
    },
    actions: ['start main#6'],
  },
  {
    name: 'another image in the spec ends the container',
    given: { containers: [running('main', { annotations: { [imageAnnotation]: 'main:0' } })] },
    actions: ['stop main in 30'],
  },
  {
    name: 'the same image does not',
    given: { containers: [running('main', { annotations: { [imageAnnotation]: 'main:1' } })] },
    actions: [],
  },
  {
    name: 'an unhealthy container is stopped with the grace of its probe',
    given: {
      containers: [running('main')],
      memory: { main: { unhealthy: { containerId: 'main', message: 'sick', graceSeconds: 3 } } },
    },
    actions: ['stop main in 3'],
  },
  {
    name: 'what was said of the attempt before does not count',
    given: {
      containers: [running('main#1')],
      memory: { main: { unhealthy: { containerId: 'main', message: 'sick', graceSeconds: 3 } } },
    },
    actions: [],
  },

  // What was reported, but is not there any more.
  {
    name: 'a container that ran when its record was lost is started as the next attempt',
    given: { pod: pod({}, { phase: 'Running', containerStatuses: [reported({ running: {} }, 2)] }) },
    actions: ['start main#3'],
  },
  {
    name: 'one that completed is not run again, with OnFailure',
    given: {
      pod: pod(
        { ...two.spec, restartPolicy: 'OnFailure' },
        { containerStatuses: [reported({ terminated: { exitCode: 0 } }, 0)] },
      ),
      containers: [running('other')],
    },
    actions: [],
  },

  // Init containers.
  { name: 'init containers come first, one at a time', given: { pod: withInit }, actions: ['start first#0'] },
  { name: 'while one runs nothing else starts', given: { pod: withInit, containers: [running('first')] }, actions: [] },
  { name: 'then the next', given: { pod: withInit, containers: [exited('first', 0)] }, actions: ['start second#0'] },
  {
    name: 'then the app',
    given: { pod: withInit, containers: [exited('first', 0), exited('second', 0)] },
    actions: ['start main#0'],
  },
  {
    name: 'one that fails is tried again',
    given: { pod: withInit, containers: [exited('first', 1)] },
    actions: ['start first#1'],
  },
  {
    name: 'a new sandbox runs them again',
    given: {
      pod: withInit,
      sandboxes: [sandbox({ id: 's1', attempt: 1 }), gone],
      containers: [exited('first', 0), exited('second', 0), exited('main', 137)],
    },
    actions: ['start first#1'],
  },
  {
    name: 'a crash of the app does not run them again',
    given: { pod: withInit, containers: [exited('first', 0), exited('second', 0), exited('main', 1)] },
    actions: ['start main#1'],
  },
  {
    name: 'nor does it when their records are gone',
    given: { pod: withInit, containers: [exited('main', 1)] },
    actions: ['start main#1'],
  },

  // Sidecars.
  { name: 'a sidecar starts in its turn', given: { pod: withSidecar }, actions: ['start proxy#0'] },
  {
    name: 'once it is started the next begins',
    given: { pod: withSidecar, containers: [running('proxy')] },
    actions: ['start setup#0'],
  },
  {
    name: 'its startup probe holds back the next',
    given: { pod: pod({ initContainers: [sidecar('proxy', { startupProbe: probe })] }), containers: [running('proxy')] },
    actions: [],
  },
  {
    name: 'until it has succeeded',
    given: {
      pod: pod({ initContainers: [sidecar('proxy', { startupProbe: probe })] }),
      containers: [running('proxy')],
      memory: { proxy: { started: true } },
    },
    actions: ['start main#0'],
  },
  {
    name: 'its hook holds back the next too',
    given: { pod: withSidecar, containers: [running('proxy')], memory: { proxy: { hookRuns: true } } },
    actions: [],
  },
  {
    name: 'a sidecar that ends beside the app is restarted',
    given: { pod: withSidecar, containers: [exited('proxy', 0), exited('setup', 0), running('main')] },
    actions: ['start proxy#1'],
  },

  // The end of a Pod by itself.
  {
    name: 'a Pod that has completed lets its sandbox go',
    given: { pod: never, containers: [exited('main', 0)] },
    actions: ['stop sandbox s0'],
  },
  {
    name: 'and then is over',
    given: { pod: never, sandboxes: [gone], containers: [exited('main', 0)] },
    actions: [],
    over: true,
  },
  {
    name: 'sidecars of a Pod that has completed are ended',
    given: {
      pod: pod({ ...withSidecar.spec, restartPolicy: 'Never' }),
      containers: [running('proxy'), exited('setup', 0), exited('main', 0)],
    },
    actions: ['stop proxy in 30'],
  },
  {
    name: 'an init container that fails for good is the end',
    given: { pod: pod({ ...withInit.spec, restartPolicy: 'Never' }), containers: [exited('first', 1)] },
    actions: ['stop sandbox s0'],
  },
  {
    name: 'a Pod that is over in the API starts nothing',
    given: { pod: pod({}, { phase: 'Failed' }), sandboxes: [] },
    actions: [],
    over: true,
  },
  {
    name: 'before its deadline a Pod is looked at when it comes',
    given: { pod: pod({ activeDeadlineSeconds: 90 }, { startTime: '2024-01-01T11:59:00Z' }), containers: [running('main')] },
    actions: [],
    wake: 30,
  },
  {
    name: 'past it everything ends',
    given: { pod: pod({ activeDeadlineSeconds: 60 }, { startTime: '2024-01-01T11:59:00Z' }), containers: [running('main')] },
    actions: ['stop main in 30'],
  },
  {
    name: 'a refused Pod starts nothing',
    given: { sandboxes: [], more: { refusal: { phase: 'Failed', reason: 'OutOfcpu' } } },
    actions: [],
    over: true,
  },

  // Clearing up beside the work.
  {
    name: 'of dead containers the last one stays, for its log',
    given: { containers: [exited('main', 1), exited('main#1', 1), exited('main#2', 1), running('main#3')] },
    actions: ['remove main#1', 'remove main'],
  },
  {
    name: 'an old sandbox goes with its last container',
    given: { sandboxes: [sandbox({ id: 's1', attempt: 1 }), gone], containers: [running('main#1', { sandboxId: 's1' })] },
    actions: ['remove sandbox s0'],
  },
  {
    name: 'and stays while one is kept in it',
    given: {
      sandboxes: [sandbox({ id: 's1', attempt: 1 }), gone],
      containers: [exited('main', 1), running('main#1', { sandboxId: 's1' })],
    },
    actions: [],
  },
]

function reported(current: object, restartCount: number) {
  return { name: 'main', state: current, ready: true, restartCount, image: 'main:1', imageID: 'x', containerID: 'docker://old' }
}

for (const { name, given, actions, wake, over = false } of cases) {
  test(name, () => {
    const plan = planPod(state(given))
    assert.equal(plan.actions.map(word), actions)
    assert.is(plan.over, over)
    assert.is(plan.wakeAt === undefined ? undefined : (plan.wakeAt - now) / 1000, wake)
  })
}

const removals: readonly (Case & { readonly grace?: number })[] = [
  {
    name: 'apps are ended together',
    given: { pod: two, containers: [running('main'), running('other')] },
    actions: ['stop main in 30', 'stop other in 30'],
  },
  { name: 'with the grace that was asked for', given: { containers: [running('main')] }, grace: 2, actions: ['stop main in 2'] },
  {
    name: 'sidecars only after them',
    given: { pod: withSidecar, containers: [running('proxy'), exited('setup', 0), running('main')] },
    actions: ['stop main in 30'],
  },
  {
    name: 'the last one started first',
    given: {
      pod: pod({ initContainers: [sidecar('outer'), sidecar('inner')] }),
      containers: [running('outer'), running('inner'), exited('main', 0)],
    },
    actions: ['stop inner in 30'],
  },
  { name: 'then the sandbox', given: { containers: [exited('main', 0)] }, actions: ['stop sandbox s0'] },
  {
    name: 'then all goes',
    given: { sandboxes: [gone], containers: [exited('main', 0)] },
    actions: ['remove main', 'remove sandbox s0'],
  },
  { name: 'then it is over', given: { sandboxes: [] }, actions: [], over: true },
  {
    name: 'containers that the spec does not know are ended too',
    given: { pod: pod({ containers: [] }), containers: [running('stranger')] },
    actions: ['stop stranger in 30'],
  },
]
for (const { name, given, actions, grace = 30, over = false } of removals) {
  test(`removal: ${name}`, () => {
    const plan = planRemoval(state(given), grace)
    assert.equal(plan.actions.map(word), actions)
    assert.is(plan.over, over)
  })
}

test('what runs of a Pod that was removed by force gets little of its time, and never more than it wanted', () => {
  const patient = { pod: pod({ terminationGracePeriodSeconds: 600 }) }
  const pending = { pod: pod({}, undefined, { deletionTimestamp: '2024-01-01T00:00:00Z', deletionGracePeriodSeconds: 90 }) }
  const hasty = { pod: pod({ terminationGracePeriodSeconds: 0 }) }
  assert.equal(
    [patient, pending, hasty].map((given) => removalGraceOf(given, true)),
    [2, 2, 0],
  )
  assert.equal(
    [patient, pending, hasty].map((given) => removalGraceOf(given, false)),
    [600, 90, 0],
  )
})
