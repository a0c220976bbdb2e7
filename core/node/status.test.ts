import type { ContainerStatus, PodCondition, PodStatus } from '../kinds/contract.js'
import { assert, suite } from '../testing/contract.js'
import { podStatus } from './status.js'
import { container, exited, type Given, now, pod, running, sandbox, sidecar, state } from './testing.js'

const test = suite('status')
const node = { runtime: 'docker', hostIps: ['192.0.2.7'] }
const statusFor = (given: Given): PodStatus => podStatus(state(given), node)
const of = (status: PodStatus, name = 'main'): ContainerStatus => {
  const found = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((item) => item.name === name)
  if (!found) throw new Error(`no status of ${name}`)
  return found
}
const condition = (status: PodStatus, type: string): PodCondition => {
  const found = status.conditions?.find((item) => item.type === type)
  if (!found) throw new Error(`no condition ${type}`)
  return found
}
const short = (status: ContainerStatus): string => {
  const { waiting, running: runs, terminated } = status.state ?? {}
  return waiting ? `waiting ${waiting.reason}` : runs ? 'running' : `terminated ${terminated?.reason} ${terminated?.exitCode}`
}
const probe = { exec: { command: ['check'] } }
const withInit = pod({ initContainers: [container('first'), container('second')] })

interface Row {
  readonly name: string
  readonly given: Given
  readonly phase: string
  /** Of "main". */
  readonly state: string
  readonly ready: boolean
  readonly restarts?: number
}
const rows: readonly Row[] = [
  { name: 'nothing yet', given: { sandboxes: [] }, phase: 'Pending', state: 'waiting ContainerCreating', ready: false },
  { name: 'a sandbox', given: {}, phase: 'Pending', state: 'waiting ContainerCreating', ready: false },
  { name: 'running', given: { containers: [running('main')] }, phase: 'Running', state: 'running', ready: true },
  {
    name: 'running with a readiness probe that has not answered',
    given: { pod: pod({ containers: [container('main', { readinessProbe: probe })] }), containers: [running('main')] },
    phase: 'Running',
    state: 'running',
    ready: false,
  },
  {
    name: 'running with a readiness probe that succeeds',
    given: {
      pod: pod({ containers: [container('main', { readinessProbe: probe })] }),
      containers: [running('main')],
      memory: { main: { ready: true } },
    },
    phase: 'Running',
    state: 'running',
    ready: true,
  },
  {
    name: 'ready by its probe, but not started by the other',
    given: {
      pod: pod({ containers: [container('main', { readinessProbe: probe, startupProbe: probe })] }),
      containers: [running('main')],
      memory: { main: { ready: true } },
    },
    phase: 'Running',
    state: 'running',
    ready: false,
  },
  {
    name: 'its hook runs',
    given: { containers: [running('main')], memory: { main: { hookRuns: true } } },
    phase: 'Pending',
    state: 'waiting ContainerCreating',
    ready: false,
  },
  {
    name: 'crashed for the first time',
    given: { containers: [exited('main', 2)] },
    phase: 'Running',
    state: 'terminated Error 2',
    ready: false,
  },
  {
    name: 'crashed again',
    given: { containers: [exited('main#1', 2)], memory: { main: { restarts: 1 } } },
    phase: 'Running',
    state: 'waiting CrashLoopBackOff',
    ready: false,
    restarts: 1,
  },
  {
    name: 'out of memory',
    given: { pod: pod({ restartPolicy: 'Never' }), containers: [exited('main', 137, { reason: 'OOMKilled' })] },
    phase: 'Failed',
    state: 'terminated OOMKilled 137',
    ready: false,
  },
  {
    name: 'completed',
    given: { pod: pod({ restartPolicy: 'Never' }), containers: [exited('main', 0)] },
    phase: 'Succeeded',
    state: 'terminated Completed 0',
    ready: false,
  },
  {
    name: 'completed, to be run again',
    given: { containers: [exited('main', 0)] },
    phase: 'Running',
    state: 'terminated Completed 0',
    ready: false,
  },
  {
    name: 'an image that cannot be pulled',
    given: {
      memory: {
        main: { problem: { reason: 'ErrImagePull', message: 'no such host', since: now, retryAt: now + 1e4, failures: 1 } },
      },
    },
    phase: 'Pending',
    state: 'waiting ErrImagePull',
    ready: false,
  },
  {
    name: 'a while later',
    given: {
      memory: {
        main: { problem: { reason: 'ErrImagePull', message: 'no', since: now - 2_000, retryAt: now + 8_000, failures: 1 } },
      },
    },
    phase: 'Pending',
    state: 'waiting ImagePullBackOff',
    ready: false,
  },
  {
    name: 'a restart that fails to start shows why, and the Pod stays Running',
    given: {
      pod: pod({}, { phase: 'Running' }),
      containers: [exited('main', 1)],
      memory: { main: { problem: { reason: 'RunContainerError', message: 'no', since: now, retryAt: now + 1e4, failures: 1 } } },
    },
    phase: 'Running',
    state: 'waiting RunContainerError',
    ready: false,
  },
  {
    name: 'deleted and ended by its SIGTERM',
    given: {
      pod: pod({}, { phase: 'Running' }, { deletionTimestamp: '2024-01-01T12:00:30Z' }),
      containers: [exited('main', 143)],
    },
    phase: 'Failed',
    state: 'terminated Error 143',
    ready: false,
  },
  {
    name: 'deleted and ended well',
    given: { pod: pod({}, { phase: 'Running' }, { deletionTimestamp: '2024-01-01T12:00:30Z' }), containers: [exited('main', 0)] },
    phase: 'Succeeded',
    state: 'terminated Completed 0',
    ready: false,
  },
]
for (const row of rows) {
  test(row.name, () => {
    const status = statusFor(row.given)
    assert.is(status.phase, row.phase)
    assert.is(short(of(status)), row.state)
    assert.is(of(status).ready, row.ready)
    assert.is(of(status).restartCount, row.restarts ?? 0)
    assert.is(condition(status, 'Ready').status, row.ready ? 'True' : 'False')
    assert.is(condition(status, 'ContainersReady').status, row.ready ? 'True' : 'False')
  })
}

test('what a running container shows', () => {
  assert.equal(of(statusFor({ containers: [running('main#2')] })), {
    name: 'main',
    state: { running: { startedAt: '2024-01-01T11:59:00Z' } },
    lastState: {},
    ready: true,
    restartCount: 2,
    image: 'main:1',
    imageID: 'sha256:main',
    containerID: 'docker://main#2',
    started: true,
  })
})

test('the last state is the end of the attempt before', () => {
  const status = of(statusFor({ containers: [exited('main', 3), running('main#1')] }))
  assert.is(status.lastState?.terminated?.exitCode, 3)
  assert.is(status.lastState?.terminated?.finishedAt, '2024-01-01T11:59:55Z')
  assert.is(status.lastState?.terminated?.containerID, 'docker://main')
})

test('the last state outlives the record of its container', () => {
  const before = of(statusFor({ containers: [exited('main', 3), running('main#1')] }))
  const after = of(statusFor({ pod: pod({}, { containerStatuses: [before] }), containers: [running('main#1')] }))
  assert.equal(after, before)
})

test('a container that was lost was in an unknown state', () => {
  const before = of(statusFor({ containers: [running('main')] }))
  const lost = of(statusFor({ pod: pod({}, { phase: 'Running', containerStatuses: [before] }) }))
  assert.is(short(lost), 'waiting ContainerCreating')
  assert.is(lost.lastState?.terminated?.reason, 'ContainerStatusUnknown')
  assert.is(lost.lastState?.terminated?.exitCode, 137)
})

test('a restart count never goes back', () => {
  const before = { ...of(statusFor({ containers: [running('main#4')] })), restartCount: 4 }
  assert.is(of(statusFor({ pod: pod({}, { containerStatuses: [before] }), containers: [running('main#1')] })).restartCount, 4)
})

test('the message of the back-off says how long, who and whose', () => {
  const messages = [1, 2, 3, 4, 9].map((restarts) => {
    const given = { containers: [exited(`main#${restarts}`, 1)], memory: { main: { restarts } } }
    return of(statusFor(given)).state?.waiting?.message?.split(' ')[1]
  })
  assert.equal(messages, ['10s', '20s', '40s', '1m20s', '5m0s'])
  const given = { containers: [exited('main#1', 1)], memory: { main: { restarts: 1 } } }
  assert.is(of(statusFor(given)).state?.waiting?.message, 'back-off 10s restarting failed container=main pod=web_default(u1)')
})

test('the last words of a container are its message', () => {
  const memory = { main: { messages: new Map([['main', 'out of luck']]) } }
  const status = of(statusFor({ pod: pod({ restartPolicy: 'Never' }), containers: [exited('main', 1)], memory }))
  assert.is(status.state?.terminated?.message, 'out of luck')
})

test('while init containers run the others are initializing', () => {
  const status = statusFor({ pod: withInit, containers: [running('first')] })
  assert.is(status.phase, 'Pending')
  assert.equal(
    ['first', 'second', 'main'].map((name) => short(of(status, name))),
    ['running', 'waiting PodInitializing', 'waiting PodInitializing'],
  )
  assert.equal(condition(status, 'Initialized').message, 'containers with incomplete status: [first second]')
  assert.is(condition(status, 'Initialized').reason, 'ContainersNotInitialized')
})

test('step by step they leave the list, and Initialized becomes true', () => {
  const first = statusFor({ pod: withInit, containers: [exited('first', 0), running('second')] })
  assert.is(condition(first, 'Initialized').message, 'containers with incomplete status: [second]')
  assert.is(of(first, 'first').ready, true)
  const both = statusFor({ pod: withInit, containers: [exited('first', 0), exited('second', 0)] })
  assert.is(condition(both, 'Initialized').status, 'True')
  assert.is(short(of(both)), 'waiting ContainerCreating')
})

test('with Never a failing init container fails the Pod', () => {
  const status = statusFor({ pod: pod({ ...withInit.spec, restartPolicy: 'Never' }), containers: [exited('first', 1)] })
  assert.is(status.phase, 'Failed')
  assert.is(condition(status, 'Ready').reason, 'PodFailed')
})

test('a sidecar counts for readiness, an init container does not', () => {
  const spec = { initContainers: [sidecar('proxy', { readinessProbe: probe }), container('setup')] }
  const containers = [running('proxy'), exited('setup', 0), running('main')]
  const unready = statusFor({ pod: pod(spec), containers })
  assert.is(condition(unready, 'ContainersReady').message, 'containers with unready status: [proxy]')
  const ready = statusFor({ pod: pod(spec), containers, memory: { proxy: { ready: true } } })
  assert.is(condition(ready, 'Ready').status, 'True')
})

test('all conditions, in the order in which they are shown', () => {
  const status = statusFor({ containers: [running('main')] })
  assert.equal(
    status.conditions?.map(({ type, status: yes }) => `${type} ${yes}`),
    ['PodReadyToStartContainers True', 'Initialized True', 'Ready True', 'ContainersReady True', 'PodScheduled True'],
  )
})

test('a condition that does not change keeps the time of its change; one that does gets the present', () => {
  const old = { type: 'Ready', status: 'True', lastTransitionTime: '2024-01-01T01:00:00Z' }
  const foreign = { type: 'example.com/gate', status: 'True', lastTransitionTime: '2024-01-01T02:00:00Z' }
  const before = pod({}, { conditions: [old, foreign] })
  assert.is(
    condition(statusFor({ pod: before, containers: [running('main')] }), 'Ready').lastTransitionTime,
    '2024-01-01T01:00:00Z',
  )
  const crashed = statusFor({ pod: before, containers: [exited('main', 1)] })
  assert.is(condition(crashed, 'Ready').lastTransitionTime, '2024-01-01T12:00:00Z')
  assert.equal(condition(crashed, 'example.com/gate'), foreign)
})

test('readiness gates are asked after the containers', () => {
  const gated = pod({ readinessGates: [{ conditionType: 'a/b' }] })
  const missing = condition(statusFor({ pod: gated, containers: [running('main')] }), 'Ready')
  assert.equal([missing.status, missing.reason], ['False', 'ReadinessGatesNotReady'])
  assert.match(missing.message ?? '', 'corresponding condition of pod readiness gate "a/b" does not exist')
  const given = pod(gated.spec, { conditions: [{ type: 'a/b', status: 'True' }] })
  assert.is(condition(statusFor({ pod: given, containers: [running('main')] }), 'Ready').status, 'True')
})

test('addresses are those of the sandbox, or of the node on its network', () => {
  const own = statusFor({ sandboxes: [sandbox({ ips: ['10.0.0.2', 'fd00::2'] })] })
  assert.equal([own.podIP, own.podIPs, own.hostIP], ['10.0.0.2', [{ ip: '10.0.0.2' }, { ip: 'fd00::2' }], '192.0.2.7'])
  const host = statusFor({ pod: pod({ hostNetwork: true }), sandboxes: [sandbox({ ips: [] })] })
  assert.is(host.podIP, '192.0.2.7')
  assert.is(statusFor({ sandboxes: [] }).podIP, undefined)
})

test('what others wrote stays, what is over goes', () => {
  const old: PodStatus = {
    qosClass: 'Burstable',
    nominatedNodeName: 'two',
    reason: 'old',
    message: 'old',
    startTime: '2024-01-01T00:00:00Z',
  }
  const status = statusFor({ pod: pod({}, old), containers: [running('main')] })
  assert.equal([status.qosClass, status.nominatedNodeName, status.startTime], ['Burstable', 'two', '2024-01-01T00:00:00Z'])
  assert.equal([status.reason, status.message], [undefined, undefined])
  assert.is(statusFor({}).startTime, '2024-01-01T12:00:00Z')
})

test('the deadline and a refusal give phase, reason and message', () => {
  const late = pod({ activeDeadlineSeconds: 5 }, { startTime: '2024-01-01T11:00:00Z' })
  const deadline = statusFor({ pod: late, containers: [running('main')] })
  assert.equal([deadline.phase, deadline.reason], ['Failed', 'DeadlineExceeded'])
  const refusal = { phase: 'Failed', reason: 'OutOfcpu', message: 'no room' } as const
  const refused = statusFor({ sandboxes: [], more: { refusal } })
  assert.equal([refused.phase, refused.reason, refused.message], ['Failed', 'OutOfcpu', 'no room'])
})

test('a status does not change by being computed again from what it says', () => {
  for (const { given } of rows) {
    const first = statusFor(given)
    const before = given.pod ?? pod()
    assert.equal(podStatus(state({ ...given, pod: { ...before, status: first } }), node), first)
  }
})

test('an ephemeral container has its own list, is never ready, and the Pod does not depend on it', () => {
  const looked = pod({ ephemeralContainers: [{ name: 'look', image: 'tools' }] })
  const runs = statusFor({ pod: looked, containers: [running('main'), running('look')] })
  const [look] = runs.ephemeralContainerStatuses ?? []
  assert.equal([look && short(look), look?.ready, look?.restartCount, look && 'started' in look], ['running', false, 0, false])
  assert.equal(
    runs.containerStatuses?.map(({ name }) => name),
    ['main'],
  )
  assert.is(condition(runs, 'Ready').status, 'True')
  const failed = statusFor({ pod: looked, containers: [running('main'), exited('look', 3)] })
  assert.is(short(failed.ephemeralContainerStatuses?.[0] as ContainerStatus), 'terminated Error 3')
  assert.equal([failed.phase, condition(failed, 'Ready').status], ['Running', 'True'])
  const before = statusFor({ pod: looked, containers: [running('main')] })
  assert.is(short(before.ephemeralContainerStatuses?.[0] as ContainerStatus), 'waiting ContainerCreating')
})
