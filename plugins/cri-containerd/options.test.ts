import type { ContainerConfig, ContainerResources, Sandbox, SandboxConfig } from '@davit/core/node'
import { assert, suite } from '@davit/core/testing'
import { codes, explain, problem, reservedFor } from './errors.js'
import { pullProblem } from './images.js'
import { containerOf, ipsOf, podUidOf, sandboxOf, sharingOf, storedPorts, storedSharing } from './labels.js'
import type { Received } from './messages.js'
import { containerOptions, type ImageUser, logPath, sandboxOptions } from './options.js'
import { limitsOf, limitsUpdate, oomScore } from './resources.js'
import { plainSecurity, testContainer, testSandbox } from './testing.js'

const pod = { namespace: 'shop', name: 'web-1', uid: 'f00d' }
const mebi = 2 ** 20

function sandboxConfig(config: Partial<SandboxConfig> = {}): SandboxConfig {
  const given = { labels: { app: 'web' }, annotations: { note: '"quoted"' } }
  return testSandbox({ pod, attempt: 2, hostname: 'web-1', ...given, ...config })
}
const sandboxRequest = (config: Partial<SandboxConfig> = {}) => sandboxOptions('n', '/node', sandboxConfig(config), false)

const sandbox: Sandbox = { id: 's', pod, attempt: 2, state: 'ready', createdAt: 5, ips: [], labels: {}, annotations: {} }
function containerRequest(config: Partial<ContainerConfig> = {}, imageUser?: ImageUser, unified = false) {
  const facts = { nodeName: 'n', directory: '/node', sandbox, sharing: sharingOf(sandboxConfig()), unified }
  return containerOptions({ ...facts, config: testContainer('true', config), ...(imageUser ? { imageUser } : {}) })
}
const security = (config: Partial<ContainerConfig['security']>, imageUser?: ImageUser) =>
  containerRequest({ security: { ...plainSecurity, ...config } }, imageUser).config?.linux?.securityContext

const sandboxTest = suite('sandboxes')

sandboxTest('what a Pod shares is told in the words of the interface', () => {
  const { metadata, hostname, logDirectory, linux } = sandboxRequest()
  assert.equal(metadata, { ...pod, attempt: 2 })
  assert.is(hostname, 'web-1')
  assert.is(logDirectory, '/node/cri-containerd/logs/shop_web-1_f00d_2')
  assert.equal(linux?.securityContext?.namespaceOptions, { network: 'POD', pid: 'CONTAINER', ipc: 'POD' })
  const shared = sandboxRequest({ shareProcessNamespace: true }).linux?.securityContext?.namespaceOptions
  assert.is(shared?.pid, 'POD')
  const host = sandboxRequest({ hostNetwork: true, hostPid: true, hostIpc: true })
  assert.equal(host.linux?.securityContext?.namespaceOptions, { network: 'NODE', pid: 'NODE', ipc: 'NODE' })
  assert.is(host.hostname, '', "the machine's network has the machine's name")
})

sandboxTest('what was given comes back as it was, ours beside it', () => {
  const labels = { app: 'web', 'davit.dev/node': 'a trap', 'io.kubernetes.pod.uid': 'another' }
  const { labels: sent = {}, annotations = {} } = sandboxRequest({ labels })
  assert.is(sent['davit.dev/node'], 'n')
  assert.is(podUidOf(sent), 'f00d')
  const found = { id: 's', metadata: { ...pod, attempt: 2 }, state: 'SANDBOX_READY', createdAt: 5_999_999 } as const
  const back = sandboxOf({ ...found, labels: sent, annotations }, ['10.0.0.9'])
  assert.equal(back, { ...sandbox, labels, annotations: { note: '"quoted"' }, ips: ['10.0.0.9'] })
  assert.equal(storedSharing(annotations), { hostname: 'web-1', network: 'pod', pid: 'container', ipc: 'pod' })
  assert.is(sandboxOf({ ...found, state: 'SANDBOX_NOTREADY', labels: {}, annotations: {} }, []).state, 'notReady')
})

sandboxTest('the host ports of a Pod that the node connects are kept for a later life, and no matter of the runtime', () => {
  const portMappings = [{ containerPort: 80, hostPort: 8080, hostIp: '', protocol: 'TCP' as const }]
  const attached = sandboxOptions('n', '/node', sandboxConfig({ portMappings }), true)
  assert.equal(attached.portMappings, [])
  assert.equal(storedPorts(attached.annotations ?? {}), portMappings)
  const connected = sandboxRequest({ portMappings })
  assert.equal(connected.portMappings, portMappings)
  assert.is(storedPorts(connected.annotations ?? {}), undefined)
})

sandboxTest('addresses are in order, IPv4 first, and none is none', () => {
  const status = (ip: string, more: string[]) =>
    ({ network: { ip, additionalIps: more.map((each) => ({ ip: each })) } }) as unknown as Received<'PodSandboxStatus'>
  assert.equal(ipsOf(status('fd00::1', ['10.0.0.1'])), ['10.0.0.1', 'fd00::1'])
  assert.equal(ipsOf(status('', [])), [])
  assert.equal(ipsOf({ network: null } as unknown as Received<'PodSandboxStatus'>), [])
})

const containerTest = suite('containers')

containerTest('command, arguments, environment, mounts and log go where they belong', () => {
  const {
    config,
    podSandboxId,
    sandboxConfig: joined,
  } = containerRequest({
    args: ['a'],
    environment: [{ name: 'A', value: 'b=c' }],
    mounts: [{ hostPath: '/h', containerPath: '/c', readOnly: true }],
    attempt: 3,
  })
  assert.is(podSandboxId, 's')
  assert.equal(config?.args, ['a'])
  assert.equal(config?.envs, [{ key: 'A', value: 'b=c' }])
  assert.equal(config?.mounts, [{ hostPath: '/h', containerPath: '/c', readonly: true }])
  assert.is(config?.logPath, 'main/3.log')
  assert.is(logPath({ name: 'main', attempt: 3 }), 'main/3.log')
  assert.is(joined?.hostname, 'web-1')
})

containerTest('users: a group without a user has the user of the image', () => {
  assert.equal([security({})?.runAsUser, security({})?.runAsGroup], [undefined, undefined])
  assert.equal(security({ runAsUser: 7 })?.runAsUser, { value: 7 })
  const both = security({ runAsUser: 0, runAsGroup: 0 })
  assert.equal([both?.runAsUser, both?.runAsGroup], [{ value: 0 }, { value: 0 }])
  assert.equal(security({ runAsGroup: 5 }, { uid: 33 })?.runAsUser, { value: 33 })
  assert.is(security({ runAsGroup: 5 }, { name: 'daemon' })?.runAsUsername, 'daemon')
  assert.equal(security({ runAsGroup: 5 })?.runAsUser, { value: 0 })
})

containerTest('a privileged container has no filter and no masks, every other has', () => {
  assert.equal(security({})?.seccomp, { profileType: 'RuntimeDefault' })
  assert.ok(security({})?.maskedPaths?.includes('/proc/kcore'))
  const privileged = security({ privileged: true })
  assert.equal([privileged?.privileged, privileged?.seccomp], [true, { profileType: 'Unconfined' }])
  assert.is(privileged?.maskedPaths, undefined)
  assert.equal(security({ addCapabilities: ['A'], dropCapabilities: ['ALL'] })?.capabilities, {
    addCapabilities: ['A'],
    dropCapabilities: ['ALL'],
  })
})

containerTest('a status becomes a container, with the reasons that users know', () => {
  const status = (more: Partial<Received<'ContainerStatus'>>): Received<'ContainerStatus'> => {
    const { labels = {}, annotations = {} } = containerRequest({ labels: { l: '1' }, annotations: { a: '2' } }).config ?? {}
    const base = {
      id: 'c',
      metadata: { name: 'main', attempt: 1 },
      state: 'CONTAINER_EXITED',
      createdAt: 1e6,
      startedAt: 2e6,
    } as const
    const rest = { finishedAt: 3e6, exitCode: 0, imageRef: 'sha256:1', reason: '', message: '', logPath: '/l' }
    return { ...base, ...rest, labels, annotations, ...more }
  }
  const done = containerOf('s', status({}))
  assert.equal(done, {
    id: 'c',
    sandboxId: 's',
    name: 'main',
    attempt: 1,
    image: 'busybox:1',
    imageId: 'sha256:1',
    state: 'exited',
    createdAt: 1,
    startedAt: 2,
    finishedAt: 3,
    exitCode: 0,
    reason: 'Completed',
    message: '',
    labels: { l: '1' },
    annotations: { a: '2' },
  })
  const short = containerOf('s', status({ startedAt: 9e6 }))
  assert.equal([short.startedAt, short.finishedAt], [3, 3], 'a short life')
  assert.is(containerOf('s', status({ exitCode: 3 })).reason, 'Error')
  assert.is(containerOf('s', status({ exitCode: 137, reason: 'OOMKilled' })).reason, 'OOMKilled')
  const running = containerOf('s', status({ state: 'CONTAINER_RUNNING', exitCode: 9, finishedAt: 0 }))
  assert.equal([running.state, running.exitCode, running.finishedAt, running.reason], ['running', 0, 0, ''])
})

const limitTest = suite('limits')

limitTest('none are none; each is passed on in its unit', () => {
  assert.equal(limitsOf({}, false), { cpuShares: 2, oomScoreAdj: 1000 })
  const all: ContainerResources = { cpuShares: 512, cpuLimitMillis: 250, memoryLimit: 64 * mebi, pidsLimit: 9 }
  assert.equal(limitsOf(all, false), {
    cpuShares: 512,
    oomScoreAdj: 0,
    cpuPeriod: 100_000,
    cpuQuota: 25_000,
    memoryLimitInBytes: 64 * mebi,
  })
  assert.equal(limitsOf(all, true).unified, { 'pids.max': '9' })
  assert.is(limitsOf({ cpuLimitMillis: 1 }, false).cpuQuota, 1_000, 'the smallest that the kernel takes')
})

limitTest('an update takes away what is left out', () => {
  const update = limitsUpdate({}, true)
  assert.equal([update.cpuQuota, update.unified], [-1, { 'pids.max': 'max' }])
  assert.ok((update.memoryLimitInBytes ?? 0) > 2 ** 45)
  assert.is(limitsUpdate({ memoryLimit: mebi }, false).memoryLimitInBytes, mebi)
})

limitTest('who asked for least goes first when memory runs out', () => {
  const machine = 1000 * mebi
  assert.is(oomScore({}, machine), 1000)
  assert.is(oomScore({ memoryRequest: 100 * mebi, cpuShares: 2 }, machine), 900)
  assert.is(oomScore({ cpuShares: 2 }, machine), 999)
  assert.is(oomScore({ memoryRequest: 5 * machine }, machine), 2)
  assert.is(oomScore({ memoryLimit: mebi, memoryRequest: mebi, cpuLimitMillis: 1 }, machine), 0)
})

const errorTest = suite('errors')
const answer = (code: number, details: string) => Object.assign(new Error(`${code} X: ${details}`), { code, details })

errorTest('answers are a matter of the user, silence is a fault', () => {
  const refused = problem('CreateContainerError', answer(2, 'no such thing')) as { problem?: string; message: string }
  assert.equal([refused.problem, refused.message], ['CreateContainerError', 'no such thing'])
  const away = answer(codes.unavailable, 'no connection')
  assert.is(problem('CreateContainerError', away), away)
  const plain = new Error('a bug')
  assert.is(problem('CreateContainerError', plain), plain)
})

errorTest('known causes come with what to do', () => {
  assert.match(explain("runc: can't get final child's PID from pipe: EOF"), 'restrict_oom_score_adj = true')
  assert.match(explain('failed to find plugin "bridge" in path [/opt/cni/bin]'), 'containernetworking-plugins')
  assert.is(explain('something else'), 'something else')
})

errorTest('the holder of a name is found in the words of the runtime', () => {
  const words = 'failed to reserve sandbox name "a_b": name "a_b" is reserved for "0123abc"'
  assert.is(reservedFor(answer(2, words)), '0123abc')
  assert.is(reservedFor(answer(2, 'other')), undefined)
})

errorTest('pulls fail for names, registries and runtimes, each in its own way', () => {
  const kind = (error: unknown) => (pullProblem('x', error) as { problem?: string }).problem
  assert.is(kind(answer(codes.invalid, 'bad')), 'InvalidImageName')
  assert.is(kind(answer(2, 'failed to parse image reference "X": invalid reference format')), 'InvalidImageName')
  assert.is(kind(answer(codes.notFound, 'manifest unknown')), 'ErrImagePull')
  assert.is(kind(answer(codes.unavailable, '503 from the registry')), 'ErrImagePull')
  assert.is(kind(answer(codes.unavailable, 'No connection established')), undefined)
  const words = (message: string) => (pullProblem('x', answer(2, message)) as Error).message
  assert.match(words('failed to do request: dial tcp: lookup registry.test: no such host'), /no such host; where no registry/)
  assert.not(/no registry/.test(words('manifest unknown')))
})
